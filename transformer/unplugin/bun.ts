// `spanwright/unplugin/bun`: the plugin for Bun. Its default export is the plugin's function, in CommonJS and in ES modules.

import { type Plugins, plugins } from '../hosts/unplugin.js';

/** Plugin for Bun; takes the options of the entry in tsconfig.json, which it reads by itself. */
const spanwright: Plugins['bun'] = plugins().bun;

export = spanwright;
