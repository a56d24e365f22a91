// `spanwright/unplugin/rolldown`: the plugin for Rolldown. Its default export is the plugin's function, in CommonJS and in ES modules.

import { type Plugins, plugins } from '../hosts/unplugin.js';

/** Plugin for Rolldown; takes the options of the entry in tsconfig.json, which it reads by itself. */
const spanwright: Plugins['rolldown'] = plugins().rolldown;

export = spanwright;
