// `spanwright/unplugin/vite`: the plugin for Vite. Its default export is the plugin's function, in CommonJS and in ES modules.

import { type Plugins, plugins } from '../hosts/unplugin.js';

/** Plugin for Vite; takes the options of the entry in tsconfig.json, which it reads by itself. */
const spanwright: Plugins['vite'] = plugins().vite;

export = spanwright;
