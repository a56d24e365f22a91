// Imported by tests that reach an `import()` of TypeScript. The runner starts each file with `tsx/cjs`, which takes a quarter of the time that
// the whole of tsx does and leaves `import()` to Node.

import { register } from 'node:module';
import { pathToFileURL } from 'node:url';

// As tsx itself does when it is loaded with `--import`.
if (!process.execArgv.includes('--import')) register('tsx/esm', pathToFileURL(__filename), { data: {} });
