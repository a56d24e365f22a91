// `spanwright/register`: `node --import spanwright/register app.ts` runs TypeScript with the transformer. Not for people to import.

import { registerSources } from './hosts/register.js';

registerSources();
