// `spanwright/loader`: the loader for Turbopack, webpack and Rspack. Its options are those of the entry in tsconfig.json, which it reads
// by itself.

import { type LoaderContext, loadSource } from './hosts/loader.js';

function spanwright(this: LoaderContext, source: string, map?: object | string): void {
  loadSource(this, source, map);
}

export = spanwright;
