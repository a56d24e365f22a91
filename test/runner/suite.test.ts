// The suite's own tests: over small folders of real test files, run as real processes, it must see every way to fail.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runChild } from './child.js';
import { readDirectives, Suite, type SuiteOptions } from './suite.js';

const PROJECT = join(__dirname, '../..');

const PASSING = "import { test } from 'uvu';\ntest('holds', () => {});\ntest.run();\n";
const FAILING = "import { test } from 'uvu';\ntest('breaks', () => { throw new Error('the reason'); });\ntest.run();\n";

interface Outcome {
  line: string;
  printed: string;
}

async function runOver(files: Record<string, string>, options: Partial<SuiteOptions> = {}): Promise<Outcome> {
  const root = mkdtempSync(join(tmpdir(), 'spanwright-suite-'));
  try {
    mkdirSync(join(root, 'test'));
    symlinkSync(join(PROJECT, 'node_modules'), join(root, 'node_modules'), 'dir');
    for (const [path, source] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), source);
    }
    const lines: string[] = [];
    const suite = new Suite({ root, filters: [], ci: false, print: (line) => lines.push(line), ...options });
    await suite.runFiles();
    return { line: suite.closingLine(), printed: lines.join('\n') };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

test('sums up passing files in folders of any depth', async () => {
  const { line } = await runOver({ 'test/a.test.ts': PASSING, 'test/deep/er/b.test.ts': PASSING });
  assert.is(line, '2 passed, 0 failed');
});

test('a failing test is counted and its output shown in full', async () => {
  const { line, printed } = await runOver({ 'test/a.test.ts': PASSING, 'test/b.test.ts': FAILING });
  assert.is(line, '1 passed, 1 failed');
  assert.match(printed, 'the reason');
  assert.match(printed, 'FAIL test/b.test.ts');
});

test('a folder without test files fails', async () => {
  const { line } = await runOver({ 'test/fixtures/a.test.ts': PASSING });
  assert.is(line, '0 passed, 1 failed');
});

test('a filter picks files by path, and one that picks nothing fails', async () => {
  const files = { 'test/a.test.ts': PASSING, 'test/b.test.ts': FAILING };
  assert.is((await runOver(files, { filters: ['a.test'] })).line, '1 passed, 0 failed');
  const none = await runOver(files, { filters: ['nothing-like-it'] });
  assert.is(none.line, '0 passed, 1 failed');
  assert.match(none.printed, 'nothing-like-it');
});

test('a filter that picks nothing fails, although a step passed', async () => {
  const root = mkdtempSync(join(tmpdir(), 'spanwright-suite-'));
  try {
    mkdirSync(join(root, 'test'));
    const suite = new Suite({ root, filters: ['nothing'], ci: false, print: () => {} });
    await suite.runStep('before', ['-e', ''], process.execPath);
    await suite.runFiles(() => suite.runStep('beside', ['-e', ''], process.execPath));
    assert.is(suite.closingLine(), '2 passed, 1 failed');
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test('a step runs beside the files; those come first that may take longest, or took longest when they ran last', async () => {
  const noted = (name: string, opening = ''): string =>
    `${opening}import { test } from 'uvu';\nimport { existsSync } from 'node:fs';\ntest('${name}', () => { if (!existsSync('beside')) throw new Error('no step'); });\ntest.run();\n`;
  const order = (lines: readonly string[]) => lines.map((line) => /test\/(.)\.test/.exec(line)?.[1]).join(' ');
  const root = mkdtempSync(join(tmpdir(), 'spanwright-suite-'));
  try {
    mkdirSync(join(root, 'test'));
    symlinkSync(join(PROJECT, 'node_modules'), join(root, 'node_modules'), 'dir');
    for (const [name, opening] of [['a'], ['b'], ['c', '// limit: 90 s\n'], ['d', '// limit: 300 s\n']] as const)
      writeFileSync(join(root, `test/${name}.test.ts`), noted(name, opening));
    const lines: string[] = [];
    const options: SuiteOptions = { root, filters: [], ci: false, print: (line) => lines.push(line), idleShare: () => 0 };
    // The step holds one of two places until all files have run at the other, one after the other.
    const runBesideStep = () =>
      new Suite(options).runFiles(async () => {
        writeFileSync(join(root, 'beside'), '');
        while (lines.length < 4) await new Promise((resolve) => setTimeout(resolve, 10));
      });
    await runBesideStep();
    assert.is(order(lines), 'd a b c');
    const durations = join(root, '.cache/durations.json');
    const last = JSON.parse(readFileSync(durations, 'utf8'));
    assert.equal(
      Object.keys(last).sort(),
      ['a', 'b', 'c', 'd'].map((name) => `test/${name}.test.ts`),
    );
    assert.ok(
      Object.values(last).every((ms) => Number(ms) > 10),
      JSON.stringify(last),
    );
    lines.length = 0;
    writeFileSync(durations, JSON.stringify({ 'test/a.test.ts': 1, 'test/b.test.ts': 3, 'test/d.test.ts': 2 }));
    await runBesideStep();
    assert.is(order(lines), 'c b d a');
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

/** Of four files, those that have started when the first one ends, which it does once all have or at its limit. */
async function startedBeside(idleShare: () => number, limitMs: number): Promise<number> {
  const waiting = `import { test } from 'uvu';\nimport { readdirSync, writeFileSync } from 'node:fs';
const started = () => readdirSync('.').filter((name) => name.startsWith('started-')).length;
test('waits', async () => {
  writeFileSync('started-' + process.pid, '');
  const limit = Date.now() + ${limitMs};
  while (Date.now() < limit && started() < 4) await new Promise((resolve) => setTimeout(resolve, 20));
  console.log('skip: ' + started() + ' have started');
});
test.skip('prints the reason');
test.run();\n`;
  const files = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [`test/${name}.test.ts`, waiting]));
  const { printed } = await runOver(files, { idleShare });
  return Number(/skipped: (\d) have started/.exec(printed)?.[1]);
}

test('further files start while CPUs are idle, and none while they are busy', async () => {
  assert.is(await startedBeside(() => 1, 60_000), 4);
  assert.is(await startedBeside(() => 0, 2500), 2);
});

test('a file that forgets test.run() fails, and so does one without tests', async () => {
  const forgotten = await runOver({ 'test/a.test.ts': "import { test } from 'uvu';\ntest('never', () => {});\n" });
  assert.is(forgotten.line, '0 passed, 1 failed');
  assert.match(forgotten.printed, 'test.run()');
  const empty = await runOver({ 'test/a.test.ts': "import { test } from 'uvu';\ntest.run();\n" });
  assert.is(empty.line, '0 passed, 1 failed');
  assert.match(empty.printed, 'ran no tests');
});

test('a file whose process exits with an error fails, although its tests passed', async () => {
  const { line, printed } = await runOver({
    'test/a.test.ts': `${PASSING}process.on('exit', () => { process.exitCode = 3; });\n`,
  });
  assert.is(line, '1 passed, 1 failed');
  assert.match(printed, 'exit status 3');
});

test('the CPU time of a process includes its children, and no waiting', async () => {
  const busy = 'const end = Date.now() + 1e5; while (process.cpuUsage().user < 5e5 && Date.now() < end);';
  const code = `require('node:child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(busy)}]); setTimeout(() => {}, 2000)`;
  const { cpuMs, ms } = await runChild(process.execPath, ['-e', code], { cwd: PROJECT, limitMs: 100_000 });
  if (process.platform !== 'linux') return assert.is(cpuMs, undefined);
  assert.ok(Number(cpuMs) >= 500 && Number(cpuMs) < ms - 1000, `${cpuMs} of ${ms} ms`);
});

/** Runs a process that prints the id of another one, outside of its group, and leaves its output to that. */
async function runLeaving(code: string) {
  const child = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(code)}], { detached: true, stdio: 'inherit' })`;
  const leave = `const child = ${child}; console.log(child.pid); child.unref()`;
  const { output, ms } = await runChild(process.execPath, ['-e', leave], { cwd: PROJECT, limitMs: 60_000 });
  const [, pid, rest] = /^(\d+)\n(.*)$/s.exec(output) ?? [];
  assert.ok(pid, output);
  return { pid: Number(pid), rest, ms };
}

test('output that arrives after the end of a process is read', async () => {
  const { rest } = await runLeaving("setTimeout(() => console.log('the last line'), 300)");
  assert.is(rest, 'the last line\n');
});

test('standard error among the closing lines does not hide them', async () => {
  const source = `const write = (stream, text, next) => stream.write(text, () => setTimeout(next, 50));
write(process.stdout, '  Total:     1\\n  Passed:    1', () => write(process.stderr, 'a notice\\n', () => process.stdout.write('\\n  Skipped:   0\\n')));\n`;
  const { line, printed } = await runOver({ 'test/a.test.ts': source });
  assert.is(line, '1 passed, 0 failed', printed);
});

test('a process that holds the output of another open does not hold the suite', async () => {
  const { pid, ms } = await runLeaving('setTimeout(() => {}, 120_000)');
  process.kill(pid, 'SIGKILL');
  assert.ok(ms < 30_000, `took ${ms} ms`);
});

test('a file over its time limit is ended with everything that it started', async () => {
  const source = `// limit: 2 s\nimport { test } from 'uvu';\ntest('hangs', () => new Promise(() => setInterval(() => {}, 1000)));\ntest.run();\n`;
  const { line, printed } = await runOver({ 'test/a.test.ts': source });
  assert.is(line, '0 passed, 1 failed');
  assert.match(printed, 'still running after 2 s');
});

test('the end of the run ends every file that is running', async () => {
  const root = mkdtempSync(join(tmpdir(), 'spanwright-suite-'));
  try {
    mkdirSync(join(root, 'test'));
    const hang = 'require("node:fs").writeFileSync(__filename + ".pid", String(process.pid)); setInterval(() => {}, 1000);';
    for (const name of ['a', 'b']) writeFileSync(join(root, `test/${name}.test.ts`), hang);
    symlinkSync(join(PROJECT, 'node_modules'), join(root, 'node_modules'), 'dir');
    const script = `const { readFileSync } = require('node:fs');
      const { Suite } = require(${JSON.stringify(join(__dirname, 'suite.ts'))});
      void new Suite({ root: ${JSON.stringify(root)}, filters: [], ci: false, print() {} }).runFiles();
      const written = (name) => { try { return readFileSync(${JSON.stringify(root)} + '/test/' + name + '.test.ts.pid', 'utf8') !== ''; } catch {} };
      setInterval(() => ['a', 'b'].every(written) && process.exit(130), 20);`;
    const { status } = spawnSync(process.execPath, ['--require', 'tsx/cjs', '-e', script], { cwd: PROJECT, timeout: 100_000 });
    assert.is(status, 130);
    const pids = ['a', 'b'].map((name) => Number(readFileSync(join(root, `test/${name}.test.ts.pid`), 'utf8')));
    for (let attempt = 0; attempt < 1000 && pids.some(isRunning); attempt++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(pids.filter(isRunning), []);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a skip needs a reason, and with CI=true it fails', async () => {
  const skipping = (reason: string): string =>
    `import { test } from 'uvu';\n${reason}test('holds', () => {});\ntest.skip('not here');\ntest.run();\n`;
  const reasoned = { 'test/a.test.ts': skipping("console.log('skip: no such compiler here');\n") };
  const lenient = await runOver(reasoned);
  assert.is(lenient.line, '1 passed, 0 failed, 1 skipped');
  assert.match(lenient.printed, 'skipped: no such compiler here');
  assert.is((await runOver(reasoned, { ci: true })).line, '1 passed, 1 failed, 1 skipped');
  assert.is((await runOver({ 'test/a.test.ts': skipping('') })).line, '1 passed, 1 failed, 1 skipped');
});

test('directives are read in the opening comment only', () => {
  const opened = readDirectives('a.test.ts', '// What it is.\n// alone: measures time\n// limit: 300 s\nimport x;\n');
  assert.equal([opened.alone, opened.limitMs], [true, 300_000]);
  const later = readDirectives('a.test.ts', 'import x;\n// alone: measures time\n// limit: 300 s\n');
  assert.equal([later.alone, later.limitMs], [false, 120_000]);
});

test('a filter by test name runs the matching tests of every file, and one that matches none fails', async () => {
  const files = { 'test/a.test.ts': PASSING, 'test/b.test.ts': FAILING };
  assert.is((await runOver(files, { testName: 'hold' })).line, '1 passed, 0 failed');
  assert.is((await runOver(files, { testName: 'break' })).line, '0 passed, 1 failed');
  assert.is((await runOver({ 'test/a.test.ts': PASSING }, { testName: 'absent' })).line, '0 passed, 1 failed');
});

test('a step counts as one, by its exit status', async () => {
  const lines: string[] = [];
  const suite = new Suite({ root: PROJECT, filters: [], ci: false, print: (line) => lines.push(line) });
  await suite.runStep('step', ['-e', '0'], process.execPath);
  assert.is(suite.closingLine(), '1 passed, 0 failed');
  await suite.runStep('step', ['-e', 'console.error("the reason"); process.exit(2)'], process.execPath);
  assert.is(suite.closingLine(), '1 passed, 1 failed');
  assert.match(lines.join('\n'), 'the reason');
});

test.run();
