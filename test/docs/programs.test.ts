// Blocks of the pages that need a process of their own run in one, as programs of ES modules. Uses dist/.

import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { link, newDirectory, write } from '../hosts/conformance/project.js';
import { execute, part, testWith } from '../hosts/conformance/suite.js';
import { blockOf } from './evaluate.js';
import { commandsOf, ROOT } from './pages.js';
import { PROGRAMS } from './programs.js';

const ENDPOINT = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:9', OTEL_LOG_LEVEL: 'info' };

for (const {
  page,
  has,
  file,
  files = {},
  before = '',
  after = '',
  commands,
  lines = [`node ${file}`],
  part: needed,
  prints,
} of PROGRAMS)
  testWith(needed)(`${page}: the program with ${has} runs`, () => {
    const directory = newDirectory();
    link(directory, { spanwright: ROOT, '@opentelemetry': join(ROOT, 'node_modules/@opentelemetry') });
    if (needed !== undefined)
      link(directory, { esbuild: part(needed, 'node_modules/esbuild'), typescript: join(ROOT, 'node_modules/typescript') });
    write(directory, 'package.json', '{ "name": "page" }');
    for (const [name, text] of Object.entries(files)) write(directory, name, text);
    write(directory, file, before + blockOf({ page, has }).code + after);
    const shown = commands === undefined ? lines : commandsOf(blockOf({ page, has: commands })).map(({ line }) => line);
    const outputs = shown.map((line) => execute(directory, process.execPath, line.split(' ').slice(1), ENDPOINT));
    assert.match(outputs.join('\n'), prints);
  });

test.run();
