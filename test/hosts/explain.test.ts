// `spanwright explain`, as a person runs it: sites, misuse, and each line before and after, in every kind of source file.

import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { write } from './conformance/project.js';
import { project, SOUND, spanwright } from './patient.js';

test('explain lists the sites, and each line before and after', async () => {
  const directory = project();
  const { status, out, err } = await spanwright(['explain', join(directory, 'src/work.ts')]);
  assert.is(err, '');
  assert.is(status, 0);
  const lines = out.split('\n');
  assert.is(lines[0], 'src/work.ts: 1 site');
  assert.match(lines[1] ?? '', /^ {2}2:52 {2}conformance::work::Work::run\(job\)$/);
  assert.match(
    out,
    /^ {4}1 - import \{ instrument \} from 'spanwright';\n {6}\+ import \* as __spanwright from 'spanwright\/emitted'; import/m,
  );
});

test('explain shows misuse with its place and fails; a file without sites says why; a file that is not there fails', async () => {
  const directory = project();
  write(directory, 'src/work.ts', SOUND.replace("['job']", "['jbo']"));
  const misuse = await spanwright(['explain', join(directory, 'src/work.ts'), '--json']);
  assert.is(misuse.status, 1);
  const { diagnostics, sites } = JSON.parse(misuse.out);
  assert.is(diagnostics[0].code, 91001);
  assert.is(diagnostics[0].line, 2);
  assert.is(sites.length, 1);
  write(directory, 'src/none.ts', 'export const a = 1;\n');
  const none = await spanwright(['explain', join(directory, 'src/none.ts')]);
  assert.is(none.status, 0);
  assert.match(none.out, /nothing is instrumented\. It does not import 'spanwright'/);
  const absent = await spanwright(['explain', join(directory, 'src/absent.ts')]);
  assert.is(absent.status, 1);
  assert.match(absent.err, /cannot be read/);
});

test.run();
