// `spanwright view --store FILE`: traces outlive the process, within the same limits. Run under Node 24, which has SQLite; the choice of
// the driver is tested with modules in its place.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toOtlpJson } from '../../viewer/formats/otlp-json.js';
import type { TraceList, ViewerState } from '../../viewer/server/shapes.js';
import { openDatabase } from '../../viewer/store/sqlite.js';
import { NODE24 } from '../hosts/conformance/suite.js';
import { mustSkip } from '../missing.js';
import { order } from './example-traces.js';

const PROJECT = join(__dirname, '../..');
const FOLDER = mkdtempSync(join(tmpdir(), 'spanwright-store-'));
test.after(() => rmSync(FOLDER, { recursive: true, force: true }));

interface Running {
  readonly url: string;
  readonly http: string;
  get<Answer>(path: string): Promise<Answer>;
  send(number: number): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

function spawnView(args: readonly string[]): ChildProcess {
  const ports = ['--port', '0', '--grpc-port', '0', '--http-port', '0'];
  return spawn(NODE24, [join(PROJECT, 'dist/cli/main.js'), 'view', '--json', ...ports, ...args], { cwd: PROJECT });
}

async function view(...args: string[]): Promise<Running> {
  const child = spawnView(args);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    let [out, err] = ['', ''];
    child.stderr?.on('data', (part) => {
      err += part;
    });
    child.stdout?.on('data', (part) => {
      out += part;
      if (out.includes('\n')) resolve(out);
    });
    child.once('exit', () => reject(new Error(err)));
  });
  const { view: url, http } = JSON.parse(line) as { view: string; http: string };
  return {
    url,
    http,
    get: async <Answer>(path: string) => (await fetch(url + path)).json() as Promise<Answer>,
    async send(number) {
      const body = JSON.stringify(toOtlpJson(order(number, Date.now() + number)));
      const { status } = await fetch(`${http}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      assert.is(status, 200);
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await exited;
    },
  };
}

async function refusal(...args: string[]): Promise<string> {
  const child = spawnView(args);
  let err = '';
  child.stderr?.on('data', (part) => {
    err += part;
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  assert.is(code, 1);
  return err;
}

const idsOf = async (viewer: Running): Promise<string[]> =>
  (await viewer.get<TraceList>('/api/traces')).traces.map(({ id }) => id).sort();

if (!mustSkip(existsSync(NODE24) ? [] : ['.cache/node24'])) {
  test('traces outlive the process, whole, in a file that only its owner reads', async () => {
    const file = join(FOLDER, 'whole.db');
    const first = await view('--store', file);
    for (let at = 1; at <= 5; at += 1) await first.send(at);
    const [id = ''] = await idsOf(first);
    const before = [await idsOf(first), await first.get(`/api/traces/${id}/export`)];
    await first.stop();
    assert.is(statSync(file).mode & 0o777, 0o600);
    const second = await view('--store', file);
    assert.equal([await idsOf(second), await second.get(`/api/traces/${id}/export`)], before);
    assert.equal((await second.get<ViewerState>('/api/state')).store, { path: file });
    assert.equal((await second.get<TraceList>('/api/traces?attribute=http.route=/orders')).matched, 5);
    await second.stop();
  });

  test('traces committed before a crash are present after it', async () => {
    const file = join(FOLDER, 'crash.db');
    const first = await view('--store', file);
    await first.send(1);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await first.stop('SIGKILL');
    const second = await view('--store', file);
    assert.is((await idsOf(second)).length, 1);
    await second.stop();
  });

  test('traces released from memory leave the file too', async () => {
    const file = join(FOLDER, 'bounded.db');
    const first = await view('--store', file, '--traces', '3');
    for (let at = 1; at <= 9; at += 1) await first.send(at);
    const kept = await idsOf(first);
    assert.is(kept.length, 3);
    await first.stop();
    const second = await view('--store', file);
    assert.equal(await idsOf(second), kept);
    await second.stop();
    const third = await view('--store', file, '--traces', '1');
    assert.is((await idsOf(third)).length, 1);
    await third.stop();
  });

  test('without --store nothing is kept', async () => {
    const first = await view();
    await first.send(1);
    assert.is((await first.get<ViewerState>('/api/state')).store, undefined);
    await first.stop();
  });

  test('a file that is in use, belongs to another program, or is not a database is refused by name', async () => {
    const used = join(FOLDER, 'used.db');
    const first = await view('--store', used);
    assert.match(await refusal('--store', used), 'in use by another viewer');
    await first.stop();
    const text = join(FOLDER, 'text.db');
    writeFileSync(text, 'a diary, not a database\n'.repeat(100));
    assert.match(await refusal('--store', text), 'not a SQLite database');
    assert.match(await refusal('--store', join(FOLDER, 'no', 'such', 'folder.db')), 'ENOENT');
    const foreign = join(FOLDER, 'foreign.db');
    const create = `new (require('node:sqlite').DatabaseSync)(${JSON.stringify(foreign)}).exec('CREATE TABLE customers (id)')`;
    await new Promise((resolve) => spawn(NODE24, ['-e', create]).once('exit', resolve));
    assert.match(await refusal('--store', foreign), 'the database of another program');
  });
} else {
  test.skip('traces outlive the process');
}

const absent = (name: string): never => {
  throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
};

test("Node's own driver is preferred, then better-sqlite3", () => {
  class Own {}
  class Package {}
  const both = (name: string): unknown => (name === 'node:sqlite' ? { DatabaseSync: Own } : Package);
  assert.instance(openDatabase('x', both), Own);
  assert.instance(
    openDatabase('x', (name) => (name === 'node:sqlite' ? absent(name) : Package)),
    Package,
  );
});

test('without a driver the failure names both remedies; one that cannot be loaded is reported as it is', () => {
  assert.throws(() => openDatabase('x', absent), /use Node 22\.13 or later, or: npm install better-sqlite3/);
  const broken = (name: string): never => {
    throw name === 'node:sqlite' ? new Error('none') : new Error('built for another Node');
  };
  assert.throws(() => openDatabase('x', broken), /better-sqlite3 cannot be loaded: built for another Node/);
});

test.run();
