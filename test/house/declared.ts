// Preloaded by test/house/hosts-table.test.ts: uvu prints the names of the tests that a file declares, and runs none.

import uvu = require('uvu');

const print = (name: string): void => console.log(`DECLARED ${name}`);
const { test } = uvu;
const declaring = Object.assign((name: string) => print(name), test, { skip: print, only: print }) as unknown as uvu.Test;
Object.assign(uvu, { test: declaring });
