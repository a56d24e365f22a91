// `spanwright/unplugin/farm`: the plugin for Farm. Its default export is the plugin's function, in CommonJS and in ES modules.

import { type Plugins, plugins } from '../hosts/unplugin.js';

/** Plugin for Farm; takes the options of the entry in tsconfig.json, which it reads by itself. */
const spanwright: Plugins['farm'] = plugins().farm;

export = spanwright;
