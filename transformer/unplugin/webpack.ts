// `spanwright/unplugin/webpack`: the plugin for webpack. Its default export is the plugin's function, in CommonJS and in ES modules.

import { type Plugins, plugins } from '../hosts/unplugin.js';

/** Plugin for webpack; takes the options of the entry in tsconfig.json, which it reads by itself. */
const spanwright: Plugins['webpack'] = plugins().webpack;

export = spanwright;
