// The TypeScript blocks of the pages run, each in the surrounding that its row in code.ts declares, and do what the page says.

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import { newDirectory } from '../hosts/conformance/project.js';
import { missingCommands, mustSkip } from '../missing.js';
import { CODE } from './code.js';
import { DOCUMENTS } from './documents.js';
import { blockOf, Page } from './evaluate.js';

process.env.TOKEN_FILE = join(newDirectory(), 'token');
writeFileSync(process.env.TOKEN_FILE, 'mFq2-9xWz-Lr71-Tk8v-Pb3n');
chmodSync(process.env.TOKEN_FILE, 0o600);

for (const row of [...CODE, ...DOCUMENTS])
  (mustSkip(missingCommands(...(row.needs ?? []))) ? test.skip : test)(
    `${row.page}: the block with ${row.has} runs`,
    async () => {
      const page = new Page();
      try {
        await row.run(page, blockOf(row));
      } finally {
        await page.end();
      }
    },
  );

test.run();
