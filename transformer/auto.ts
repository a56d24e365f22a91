// `spanwright/auto`: `node --import spanwright/auto app.ts` instruments every function of the project's own sources, TypeScript and
// JavaScript, without configuration. Not for people to import.

import { registerSources } from './hosts/register.js';

registerSources({ auto: [{ files: '**' }] });
