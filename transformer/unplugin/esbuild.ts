// `spanwright/unplugin/esbuild`: the plugin for esbuild. Its default export is the plugin's function, in CommonJS and in ES modules.

import { type Plugins, plugins } from '../hosts/unplugin.js';

/** Plugin for esbuild; takes the options of the entry in tsconfig.json, which it reads by itself. */
const spanwright: Plugins['esbuild'] = plugins().esbuild;

export = spanwright;
