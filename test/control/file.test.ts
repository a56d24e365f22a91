// A watched file as control source, changed as the kubelet changes a mounted ConfigMap: three replicas with clocks that are
// hours apart follow within a second; an old, broken or future command never extends a lease.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readlinkSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Control, followFile } from '../../runtime/control/index.js';
import type { Tracing } from '../../runtime/index.js';
import { wrapperFor } from '../../runtime/instrument/make.js';
import { setNoticeLogger } from '../../runtime/warnings.js';
import { startService } from '../admin/service.js';
import { allUntil, bestOf, startReplicas } from './replicas.js';

const HOURS = 3_600_000;
/** Margin for a loaded machine beside the measured time; clocks are hours apart. */
const SLACK = 20_000;

/** A folder as the kubelet mounts it: the file is a link through `..data`, which is swapped in one step. */
class ConfigMap {
  readonly folder = mkdtempSync(join(tmpdir(), 'spanwright-configmap-'));
  readonly file = join(this.folder, 'tracing.json');
  #versions = 0;

  write(content: unknown): void {
    const before = this.#versions === 0 ? undefined : readlinkSync(join(this.folder, '..data'));
    this.#versions += 1;
    const version = `..2026_11_21_${this.#versions}`;
    mkdirSync(join(this.folder, version));
    writeFileSync(join(this.folder, version, 'tracing.json'), typeof content === 'string' ? content : JSON.stringify(content));
    symlinkSync(version, join(this.folder, '..data_tmp'));
    renameSync(join(this.folder, '..data_tmp'), join(this.folder, '..data'));
    if (before === undefined) symlinkSync('..data/tracing.json', this.file);
    else rmSync(join(this.folder, before), { recursive: true });
  }

  /** Sets the modification time that long into the past; a negative value sets it into the future. */
  age(milliseconds: number): void {
    const at = (Date.now() - milliseconds) / 1000;
    utimesSync(this.file, at, at);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

let tracing: Tracing;
let control: Control | undefined;
let map: ConfigMap;
let lines: string[] = [];
test.before.each(async () => {
  lines = [];
  setNoticeLogger((_level, line) => lines.push(line));
  map = new ConfigMap();
  tracing = await startService();
});
test.after.each(async () => {
  await control?.close();
  control = undefined;
  await tracing.shutdown();
  map.remove();
  setNoticeLogger(undefined);
});

async function until(is: () => boolean, most = 20_000): Promise<number> {
  const from = performance.now();
  while (!is()) {
    if (performance.now() - from > most) assert.unreachable(`not within ${most} ms; ${lines.join(' | ')}`);
    await wait(5);
  }
  return performance.now() - from;
}

test('three replicas follow a swapped ConfigMap within a second, and their leases end together', async () => {
  map.write({});
  const replicas = await startReplicas([
    { file: map.file },
    { file: map.file, clockOffset: 3 * HOURS },
    { file: map.file, clockOffset: -3 * HOURS },
  ]);
  try {
    const delays = await bestOf(5, async (attempt) => {
      const command = { enabled: true, for: '2s', only: `carbide::api${attempt}`, rules: 'carbide::db=off', actor: 'ana' };
      const seen = allUntil(replicas, ({ enabled, roots }) => enabled && roots === command.only, SLACK);
      map.write({ revision: 7 + attempt, ...command });
      return await seen;
    });
    assert.ok(Math.max(...delays) < 1000, `seen after ${delays.map(Math.round)} ms`);
    const revision = Math.max(...replicas.map(({ state }) => state.revision));
    for (const { state } of replicas) {
      assert.is(state.revision, revision);
      assert.is(state.rules, 'carbide::db=off');
    }
    await allUntil(replicas, ({ enabled, rules }) => !enabled && rules === '', 2000 + SLACK);
    map.write({ revision: revision - 1, enabled: true, for: '1m' });
    await wait(300);
    for (const { state } of replicas) assert.is(state.enabled, false, 'a lower revision came too late');
    map.write({ revision: revision + 1, enabled: true, for: '1m' });
    await allUntil(replicas, ({ enabled }) => enabled, SLACK);
    map.write({ revision: revision + 2 });
    await allUntil(replicas, ({ enabled }) => !enabled, SLACK);
  } finally {
    for (const replica of replicas) await replica.stop();
  }
});

test('a condition and a capture of the flag take effect beside rules and a drop list', async () => {
  const record = { namespace: 'carbide::api', function: 'place', name: 'place', parameters: ['tenant', 'order'] };
  const body = (_tenant: string, order: number): number => order;
  const place = wrapperFor({ body, record, options: { args: ['tenant'] }, name: 'place' }).fn as typeof body;
  const exporter = new InMemorySpanExporter();
  await tracing.shutdown();
  tracing = await startService({ allowCapture: 'carbide', exporter });
  const flag = { enabled: true, only: 'carbide::api', when: 'tenant=acme', capture: 'args' };
  map.write({ ...flag, rules: 'carbide::db=off', drop: 'carbide::noise' });
  control = await followFile(tracing, map.file);
  assert.equal(
    tracing.leases().map(({ kind, when, capture }) => [kind, when, capture]),
    [
      ['rules', null, null],
      ['drop', null, null],
      ['enabled', 'tenant=acme', 'args'],
    ],
  );
  place('other', 1);
  place('acme', 2);
  await tracing.forceFlush();
  assert.equal(
    exporter
      .getFinishedSpans()
      .map(({ attributes }) => [attributes['spanwright.arg.tenant'], attributes['spanwright.arg.order']]),
    [['acme', 2]],
  );
});

test('a command that was there at the start is in force for the rest of its time only', async () => {
  map.write({ enabled: true, for: '10m' });
  map.age(9 * 60_000);
  control = await followFile(tracing, map.file);
  assert.is(tracing.enabled, true);
  const [lease] = tracing.leases();
  const left = Date.parse(lease?.expiresAt ?? '') - Date.now();
  assert.ok(left > 40_000 && left <= 60_000, `${left} ms left`);
});

test('a file that switches off without a duration holds at any age, until the file or a person switches on', async () => {
  await tracing.shutdown();
  tracing = await startService({ enabled: true });
  map.write({ enabled: false, rules: 'carbide::db=off' });
  map.age(3 * HOURS);
  control = await followFile(tracing, map.file);
  assert.is(tracing.enabled, false);
  assert.equal(
    tracing.leases().map(({ kind, expiresAt }) => [kind, expiresAt]),
    [['enabled', null]],
    'the time of the rules is over',
  );
  map.write({ enabled: true, for: '1m' });
  await until(() => tracing.enabled);
  assert.is(tracing.leases().length, 1);
  map.write({ enabled: false });
  await until(() => !tracing.enabled);
  map.write({});
  await until(() => tracing.enabled);
  assert.is(tracing.leases().length, 0, 'what the file no longer names is ended');
});

test('empty rules in a file end all rules leases', async () => {
  tracing.setRules('carbide=0.5');
  control = await followFile(tracing, map.file);
  map.write({ rules: '', drop: '' });
  await until(() => tracing.leases().length === 0);
  assert.match(lines.join('\n'), /SPW021 .*rules \(empty\), the leases of this kind are ended/);
});

test('an old command, or one from a clock that is ahead, is not put in force at the start', async () => {
  map.write({ revision: 3, enabled: true, for: '10m' });
  map.age(11 * 60_000);
  control = await followFile(tracing, map.file);
  assert.is(tracing.enabled, false);
  assert.is(control.revision, 3);
  assert.match(lines.join('\n'), 'it has expired already');
  await control.close();
  map.age(-2 * HOURS);
  control = await followFile(tracing, map.file);
  assert.is(tracing.enabled, false);
  assert.match(lines.join('\n'), /SPW022 .*modification time is in the future/);
  map.write({ revision: 4, enabled: true, for: '10m' });
  await until(() => tracing.enabled);
});

test('settings that the file no longer names are ended; leases set by people stay', async () => {
  control = await followFile(tracing, map.file);
  assert.is(tracing.leases().length, 0, 'no file is no command');
  map.write({ enabled: true, rules: 'carbide::db=off', drop: 'carbide::poll', reason: 'drill', maxSpans: 1000 });
  await until(() => tracing.leases().length === 3);
  assert.is(tracing.leases()[0]?.reason, 'drill');
  assert.is(tracing.leases()[0]?.limits.maxSpans, 1000);
  tracing.setRules('carbide::api=off');
  map.write({ enabled: true });
  await until(() => tracing.leases().length === 2);
  assert.is(tracing.state().rules, 'carbide::api=off');
  assert.is(tracing.enabled, true);
});

for (const [what, content, says] of [
  ['no JSON', '{"enabled": tru', /not valid JSON/],
  ['no object', '[true]', /must be a JSON object/],
  ['an unknown field', '{"enabeld":true}', /unknown field "enabeld"/],
  ['a wrong type', '{"enabled":"true"}', /"enabled" must be true or false, or null; found string/],
  ['a bad revision', '{"revision":0,"enabled":true}', /"revision" must be a whole number/],
  ['a time that is too long', '{"enabled":true,"for":"25h"}', /at most 24h/],
  ['a bad rule', '{"rules":"a=sideways"}', /sideways/],
  ['much too much', `{"reason":"${'x'.repeat(40_000)}"}`, /larger than 16384 bytes/],
] as const) {
  test(`a file with ${what} changes nothing and is logged, and the next valid one is followed`, async () => {
    map.write({ revision: 1, enabled: true, for: '1m' });
    control = await followFile(tracing, map.file);
    assert.is(tracing.enabled, true);
    const before = JSON.stringify(tracing.leases().map(({ id }) => id));
    map.write(content);
    await until(() => lines.some((line) => says.test(line) && line.includes('SPW022')));
    assert.is(JSON.stringify(tracing.leases().map(({ id }) => id)), before);
    map.write({ revision: 9, enabled: false, for: '1m' });
    await until(() => !tracing.enabled);
  });
}

test('a plain file that is written in place, or comes and goes, is followed by the poll too', async () => {
  const file = join(map.folder, 'later', 'tracing.json');
  control = await followFile(tracing, file, { interval: 50 });
  mkdirSync(join(map.folder, 'later'));
  writeFileSync(file, '{"enabled":true,"for":"1m"}');
  await until(() => tracing.enabled);
  rmSync(file);
  await wait(200);
  assert.is(tracing.enabled, true, 'a missing file is no command');
  writeFileSync(file, '{"enabled":false,"for":"1m"}');
  await until(() => !tracing.enabled);
});

test('a change under an old revision is ignored and logged', async () => {
  map.write({ revision: 5, enabled: true, for: '1m' });
  control = await followFile(tracing, map.file);
  assert.is(tracing.enabled, true);
  map.write({ revision: 5, enabled: false, for: '1m' });
  await until(() => lines.some((line) => /SPW022 .*ignored: revision 5 is not newer than 5/.test(line)));
  assert.is(tracing.enabled, true);
  map.write({ revision: 6, enabled: false, for: '1m' });
  await until(() => !tracing.enabled);
});

test('a named pipe or another special file is logged, and a regular file that replaces it is followed', async () => {
  const path = join(map.folder, 'odd.json');
  execFileSync('mkfifo', [path]);
  control = await followFile(tracing, path, { interval: 50 });
  await until(() => lines.some((line) => /SPW022 .*it is not a regular file/.test(line)));
  rmSync(path);
  mkdirSync(path);
  await wait(100);
  rmSync(path, { recursive: true });
  writeFileSync(path, '{"enabled":true,"for":"1m"}');
  await until(() => tracing.enabled);
});

test('where changes are refused the file is ignored', async () => {
  await tracing.shutdown();
  tracing = await startService({ allowRuntimeChanges: false });
  map.write({ enabled: true });
  control = await followFile(tracing, map.file);
  assert.is(tracing.enabled, false);
  assert.match(lines.join('\n'), /SPW022 .*allow_runtime_changes is false/);
});

test.run();
