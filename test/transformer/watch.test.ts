// limit: 180 s
// tspc over time: `--watch` and `--incremental` emit what changed, transformed, with the places that the source now has, and
// nothing that did not change; declarations and the state of the build are those of tsc.

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, statSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execute, tspc, write, writeProject } from './compile.js';
import { lineIn } from './sites.js';

const TSPC = createRequire(__filename).resolve('ts-patch/bin/tspc.js');
const OPTIONS = { experimentalDecorators: true };
const LIMIT_MS = 60_000;

const STORE = `import { instrument } from 'spanwright';
export class Store {
  @instrument find(id: string) { return 'found ' + id; }
}
`;
const FILES = {
  'src/store.ts': STORE,
  'src/main.ts': `import { Store } from './store';\nconsole.log(new Store().find('x'));\n`,
  'src/apart.ts': `import { instrument } from 'spanwright';\nexport const apart = instrument((n: number) => n);\n`,
};

/** Runs a watching compiler until the test has seen enough; it is ended by its own process handle in any case. */
async function watching(directory: string, work: (passes: (count: number) => Promise<string>) => Promise<void>): Promise<void> {
  const child: ChildProcess = spawn(process.execPath, [TSPC, '-p', '.', '--watch', '--preserveWatchOutput'], { cwd: directory });
  let output = '';
  let wake = (): void => {};
  const note = (chunk: Buffer): void => {
    output += chunk.toString();
    wake();
  };
  child.stdout?.on('data', note);
  child.stderr?.on('data', note);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const deadline = Date.now() + LIMIT_MS;
  const passes = async (count: number): Promise<string> => {
    for (;;) {
      const done = output.split(/Found \d+ errors?\. Watching/);
      if (done.length > count) return done[count - 1] as string;
      if (Date.now() > deadline || child.exitCode !== null) throw new Error(`pass ${count} did not come:\n${output}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  try {
    await work(passes);
  } finally {
    child.kill();
    await ended;
  }
}

function lineOfSite(directory: string, file: string): number {
  return lineIn(readFileSync(join(directory, file), 'utf8'));
}

test('a watching compiler writes the new place of a site, reports errors in between, and continues', async () => {
  const directory = writeProject({ files: FILES, compilerOptions: OPTIONS });
  await watching(directory, async (passes) => {
    await passes(1);
    assert.is(lineOfSite(directory, 'out/store.js'), 3);
    const apart = statSync(join(directory, 'out/apart.js')).mtimeMs;

    write(directory, 'src/store.ts', `// moved\n// down\n${STORE.replace('found', 'seen')}`);
    await passes(2);
    assert.is(lineOfSite(directory, 'out/store.js'), 5);
    assert.is(execute(directory, 'out/main.js').stdout, 'seen x\n');
    assert.is(statSync(join(directory, 'out/apart.js')).mtimeMs, apart);

    write(directory, 'src/store.ts', STORE.replace('@instrument ', "@instrument({ args: ['identity'] }) "));
    assert.match(await passes(3), /store\.ts\(3,24\): error TS91001/);

    write(directory, 'src/store.ts', STORE);
    assert.not.match(await passes(4), /TS91001/);
    assert.is(lineOfSite(directory, 'out/store.js'), 3);
    assert.is(execute(directory, 'out/main.js').stdout, 'found x\n');
  });
});

test('an incremental build emits the files that changed, and transforms them', () => {
  const directory = writeProject({ files: FILES, compilerOptions: { ...OPTIONS, incremental: true } });
  assert.is(tspc(directory, '-p', '.').status, 0);
  const past = new Date(Date.now() - 10_000);
  for (const file of ['store', 'apart']) utimesSync(join(directory, `out/${file}.js`), past, past);
  const written = (file: string) => statSync(join(directory, `out/${file}.js`)).mtimeMs > past.getTime() + 1000;

  assert.is(tspc(directory, '-p', '.').status, 0);
  assert.equal([written('store'), written('apart')], [false, false]);
  write(directory, 'src/store.ts', `\n${STORE}`);
  assert.is(tspc(directory, '-p', '.').status, 0);
  assert.equal([written('store'), written('apart')], [true, false]);
  assert.is(lineOfSite(directory, 'out/store.js'), 4);
});

test('the state of an incremental build is the same with and without the plugin', () => {
  const remembered = [{}, null].map((plugin) => {
    const directory = writeProject({ files: FILES, compilerOptions: { ...OPTIONS, incremental: true }, plugin });
    assert.is(tspc(directory, '-p', '.').status, 0);
    const { fileInfos, emitSignatures } = JSON.parse(readFileSync(join(directory, 'tsconfig.tsbuildinfo'), 'utf8'));
    return { fileInfos, emitSignatures };
  });
  assert.ok(remembered[0]?.fileInfos.length > 3);
  assert.equal(remembered[0], remembered[1]);
});

test.run();
