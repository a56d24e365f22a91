// The README's smallest example: its files as they stand there are built with tspc and run, and what arrives is what it shows. The
// durations of its output change from run to run; UPDATE_README=1 writes those of this one into it.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TracePrinter } from '../../viewer/receiver/printer.js';
import { startReceiver } from '../../viewer/receiver/receiver.js';

/** Not the synchronous one: the receiver that the example sends to lives in this process. */
const run = promisify(execFile);
const ROOT = join(__dirname, '../..');
const README = join(ROOT, 'README.md');
const readme = readFileSync(README, 'utf8');

/** The contents of the first block of a language after a line. */
function block(after: string, language: string): string {
  const from = readme.indexOf(after);
  assert.ok(from >= 0, `README.md has no line "${after}"`);
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readme.slice(from));
  assert.ok(found, `README.md has no ${language} block after "${after}"`);
  return found?.[1] ?? '';
}

/** What differs from run to run: ids, durations, and the folder that the example is built in. */
function normal(output: string): string {
  return output
    .replace(/trace [0-9a-f]{32}/g, 'trace <id>')
    .replace(/\d+(\.\d+)? (µs|ms|s)\b/g, '<duration>')
    .trim();
}

test('the smallest example builds, runs, and prints what the README says', async () => {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const project = mkdtempSync(join(ROOT, '.cache', 'readme-')); // below the root, so that its packages are found
  const receiver = await startReceiver();
  try {
    mkdirSync(join(project, 'src'));
    writeFileSync(join(project, 'package.json'), '{ "name": "power" }');
    writeFileSync(join(project, 'tsconfig.json'), block('`tsconfig.json`', 'json'));
    writeFileSync(join(project, 'src', 'power.ts'), block('`src/power.ts`', 'ts'));
    const env = { ...process.env, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint };
    await run(process.execPath, [join(ROOT, 'node_modules/ts-patch/bin/tspc.js'), '-p', project], { cwd: project });
    const { stdout } = await run(process.execPath, ['--enable-source-maps', join(project, 'build', 'power.js')], {
      cwd: project,
      env,
    });
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
      assert.is(normal(output), normal(block('npx spanwright receive` prints them', 'text')));
    }
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
