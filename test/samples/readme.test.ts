// The README: its examples are built unchanged and run, and what arrives is what it shows; the pages that it names exist. The
// durations of its output change from run to run; UPDATE_README=1 writes those of this one into it.

import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TracePrinter } from '../../viewer/receiver/printer.js';
import { startReceiver } from '../../viewer/receiver/receiver.js';
import { NODE24, testWith } from '../hosts/conformance/suite.js';
import { exampleFolder, README, readme, readmeBlock, runExample } from './readme-example.js';

const executeFile = promisify(execFile);
const ROOT = join(__dirname, '../..');

/** Parts that differ between runs: ids, durations, and the folder that the example is built in. */
function normal(output: string): string {
  return output
    .replace(/trace [0-9a-f]{32}/g, 'trace <id>')
    .replace(/\d+(\.\d+)? (µs|ms|s)\b/g, '<duration>')
    .trim();
}

test('the smallest example builds, runs, and prints what the README says', async () => {
  const receiver = await startReceiver();
  try {
    const { stdout, project } = await runExample(receiver.endpoint);
    assert.is(stdout, 'the machine is in use\n');
    assert.is(receiver.received, 4);
    const lines: string[] = [];
    const printer = new TracePrinter((line) => lines.push(line));
    printer.add([...receiver.spans].sort((a, b) => (BigInt(a.startTimeUnixNano) < BigInt(b.startTimeUnixNano) ? -1 : 1)));
    printer.flush();
    const output = lines
      .join('\n')
      .replaceAll(`${project}/`, '')
      .replaceAll(project.slice(ROOT.length + 1), '')
      .replaceAll('(/', '(')
      .trim();
    if (process.env.UPDATE_README) {
      writeFileSync(
        README,
        readme.replace(/```text\n[\s\S]*?```/, () => `\`\`\`text\n${output}\n\`\`\``),
      );
    } else {
      assert.is(normal(output), normal(readmeBlock('npx spanwright receive` prints them', 'text')));
    }
  } finally {
    await receiver.close();
  }
});

testWith('node24')('the example without a decorator and without a build runs and is recorded', async () => {
  const receiver = await startReceiver();
  const project = exampleFolder();
  try {
    writeFileSync(join(project, 'package.json'), '{ "name": "shop" }');
    writeFileSync(join(project, 'app.mts'), readmeBlock('`app.mts`', 'ts'));
    const env = { ...process.env, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint };
    await executeFile(NODE24, ['--import', 'spanwright/auto', 'app.mts'], { cwd: project, env });
    assert.equal(receiver.spans.map(({ name }) => name).sort(), ['Orders.place', 'price']);
  } finally {
    await receiver.close();
    rmSync(project, { recursive: true });
  }
});

test('every page that the README and the samples name exists', () => {
  let links = 0;
  for (const file of ['README.md', 'samples/README.md', 'samples/infra-controller/README.md']) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      links += 1;
      assert.ok(existsSync(join(ROOT, file, '..', target)), `${file} names ${target}, which is not there`);
    }
  }
  assert.ok(links > 10);
});

test.run();
