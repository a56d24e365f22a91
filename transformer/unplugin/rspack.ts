// `spanwright/unplugin/rspack`: the plugin for Rspack. Its default export is the plugin's function, in CommonJS and in ES modules.

import { type Plugins, plugins } from '../hosts/unplugin.js';

/** Plugin for Rspack; takes the options of the entry in tsconfig.json, which it reads by itself. */
const spanwright: Plugins['rspack'] = plugins().rspack;

export = spanwright;
