// `spanwright/unplugin/rollup`: the plugin for Rollup. Its default export is the plugin's function, in CommonJS and in ES modules.

import { type Plugins, plugins } from '../hosts/unplugin.js';

/** Plugin for Rollup; takes the options of the entry in tsconfig.json, which it reads by itself. */
const spanwright: Plugins['rollup'] = plugins().rollup;

export = spanwright;
