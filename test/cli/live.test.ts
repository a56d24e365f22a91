// The live commands as child processes against a real service with a real admin server: output, JSON, exit codes.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AdminServer, startAdminServer } from '../../runtime/admin/index.js';
import * as emitted from '../../runtime/emitted.js';
import type { Tracing } from '../../runtime/index.js';
import { parserFor } from '../../transformer/hosts/parse.js';
import { textsOf } from '../../transformer/hosts/texts.js';
import { fingerprint } from '../admin/client.js';
import { listFirmware, NAMESPACE, openWork, startService } from '../admin/service.js';
import { spanwright, start } from './program.js';

const TOKEN = 'the-token-for-changes';
let tracing: Tracing;
let admin: AdminServer;
let directory: string;
const exporter = new InMemorySpanExporter();
const log: string[] = [];

test.before(async () => {
  tracing = await startService({ exporter });
  admin = await startAdminServer({ tracing, token: TOKEN, port: 0, log: (line) => log.push(line) });
  directory = mkdtempSync(join(tmpdir(), 'spanwright-cli-'));
});
test.after.each(() => {
  for (const { id } of tracing.leases()) tracing.endLease(id);
});
test.after(async () => {
  await admin.close();
  rmSync(directory, { recursive: true });
  await tracing.shutdown();
});

/** The program with the address of the service and the token. */
const told = (args: readonly string[], environment: Record<string, string> = {}) =>
  spanwright(args, { SPANWRIGHT_ADMIN_URL: admin.url, SPANWRIGHT_ADMIN_TOKEN: TOKEN, ...environment });

test('set tracing-enabled true switches on, prints the end of the lease, and the log names the person', async () => {
  const args = ['set', 'tracing-enabled', 'true', '--for', '5m', '--reason', 'slow rack 7', '--max-spans', '500'];
  const ran = await told(args);
  assert.is(ran.code, 0, ran.err);
  assert.is(tracing.enabled, true);
  assert.match(
    ran.out,
    /^tracing-enabled true until \d{4}-\d\d-\d\dT[\d:.]+Z \((?:5 min 0 s|4 min \d+ s)\), or after 500 spans; lease \S+\.\n$/,
  );
  assert.is(ran.err, '');
  assert.match(log[log.length - 1] as string, /set tracing-enabled to true by \S+@\S+ until .* reason: slow rack 7$/);
  const off = await told(['set', 'tracing-enabled', 'off']);
  assert.is(off.code, 0, off.err);
  assert.is(tracing.enabled, false);
  assert.match(off.out, /^tracing-enabled false until tracing is switched on; lease \S+\.\n$/);
  assert.match(log[log.length - 1] as string, /set tracing-enabled to false by \S+@\S+ \(lease \d+\)$/);
  assert.match((await told(['status'])).out, /^Change +lease \d+, tracing-enabled false, until switched on, by /m);
  assert.match((await told(['leases'])).out, /tracing-enabled false +until switched on/);
});

test('--only switches on a part of the service, and status, leases and sites show it', async () => {
  const ran = await told(['set', 'tracing-enabled', 'true', '--only', 'carbide::machine-controller', '--for', '1m']);
  assert.is(ran.code, 0, ran.err);
  assert.match(ran.out, /^tracing-enabled true --only carbide::machine-controller until /);
  assert.is(tracing.state().roots, 'carbide::machine-controller');
  const status = await told(['status']);
  assert.match(status.out, /^Roots +carbide::machine-controller$/m);
  assert.match(status.out, /^Change .*--only carbide::machine-controller, /m);
  const wrong = await told(['set', 'rules', 'carbide=on', '--only', 'carbide']);
  assert.is(wrong.code, 1);
  assert.match(wrong.err, /InvalidArgument: Unknown field "only"/);
});

test('--when switches on calls with certain values, and status, leases and sites show it', async () => {
  const ran = await told(['set', 'tracing-enabled', 'true', '--when', 'machineId=m-17', '--for', '1m']);
  assert.is(ran.code, 0, ran.err);
  assert.match(ran.out, /^tracing-enabled true --when "machineId=m-17" until /);
  assert.match((await told(['leases'])).out, /tracing-enabled true --when "machineId=m-17"/);
  assert.match((await told(['status'])).out, /^Roots +\* when machineId=m-17$/m);
  const wrong = await told(['set', 'tracing-enabled', 'true', '--when', 'm-17']);
  assert.is(wrong.code, 1);
  assert.match(wrong.err, /InvalidArgument: when: "m-17" compares nothing/);
});

test('on, off, yes, no, 1 and 0 are accepted in any case, and other words are refused', async () => {
  for (const [word, value] of [
    ['on', true],
    ['off', false],
    ['ON', true],
    ['NO', false],
    ['1', true],
    ['0', false],
    ['yes', true],
  ] as const) {
    assert.is((await told(['set', 'tracing-enabled', word])).code, 0, word);
    assert.is(tracing.enabled, value, word);
  }
  const before = fingerprint(tracing);
  const ran = await told(['set', 'tracing-enabled', 'maybe']);
  assert.is(ran.code, 2);
  assert.match(ran.err, /must be true or false .*found "maybe"/);
  assert.is(fingerprint(tracing), before);
});

test('set rules puts rules in force and prints their warnings', async () => {
  const ran = await told(['set', 'rules', 'carbide::nothing-here=off', '--for', '1m']);
  assert.is(ran.code, 0, ran.err);
  assert.match(tracing.state().rules, 'carbide::nothing-here=off');
  assert.match(ran.out, /^rules carbide::nothing-here=off until /);
  assert.match(ran.err, /^Warning: .*carbide::nothing-here/);
});

test('set rules and set drop with an empty text end the leases of their kind, and print what is in force', async () => {
  tracing.setRules('carbide::db=off');
  const { id } = tracing.setRules('carbide=0.5');
  const rules = await told(['set', 'rules', '']);
  assert.is(rules.code, 0, rules.err);
  assert.match(
    rules.out,
    new RegExp(`^rules \\(empty\\): ended lease \\d+, ${id}\\.\nRules in force: none\\. Tracing is off\\.\n$`),
  );
  assert.is(tracing.leases().length, 0);
  const drop = await told(['set', 'drop', '']);
  assert.match(drop.out, /^drop \(empty\): there was no lease to end\.\nDrop list in force: /);
});

test('a refused change has exit code 1 and the reason of the service', async () => {
  const before = fingerprint(tracing);
  const wrong = await told(['set', 'tracing-enabled', 'true'], { SPANWRIGHT_ADMIN_TOKEN: 'guess' });
  assert.is(wrong.code, 1);
  assert.is(wrong.err, 'spanwright: Unauthenticated: The token is wrong.\n');
  const none = await told(['set', 'tracing-enabled', 'true'], { SPANWRIGHT_ADMIN_TOKEN: '' });
  assert.is(none.code, 1);
  assert.match(none.err, /Unauthenticated: To change, send the token/);
  const long = await told(['set', 'tracing-enabled', 'true', '--for', '25h', '--json']);
  assert.is(long.code, 1);
  assert.is(JSON.parse(long.out).error.field, 'for');
  assert.match(long.err, /^spanwright: InvalidArgument: /);
  const rules = await told(['set', 'rules', 'carbide=sideways']);
  assert.is(rules.code, 1);
  assert.match(rules.err, 'sideways');
  assert.is(fingerprint(tracing), before);
});

test('the token can come from a file', async () => {
  const file = join(directory, 'token');
  writeFileSync(file, `${TOKEN}\n`, { mode: 0o600 });
  const args = ['set', 'tracing-enabled', 'true', '--token-file', file];
  assert.is((await told(args, { SPANWRIGHT_ADMIN_TOKEN: '' })).code, 0);
  const missing = await told(['set', 'tracing-enabled', 'true', '--token-file', join(directory, 'none')]);
  assert.is(missing.code, 2);
  assert.match(missing.err, /cannot be read \(ENOENT\)/);
});

test('status prints the state, and with --json the same document as the hook', async () => {
  await told(['set', 'tracing-enabled', 'true', '--reason', 'drill']);
  const ran = await told(['status']);
  assert.is(ran.code, 0, ran.err);
  assert.match(ran.out, /^Service +admin-test, pid \d+, up /m);
  assert.match(ran.out, /^Tracing +on \(configured: off\)$/m);
  assert.match(ran.out, /^Change +lease \S+, tracing-enabled true, (?:10|9) min \d+ s left, by \S+: drill$/m);
  assert.match(ran.out, /^Spans +\d+ open, \d+ started/m);
  assert.not.match(ran.out, '\u001b');
  const json = JSON.parse((await told(['--json', 'status'])).out);
  assert.is(json.serviceName, 'admin-test');
  assert.is(json.leases[0].reason, 'drill');
});

test('sites lists the functions by prefix, and reports an empty list', async () => {
  const ran = await told(['sites', 'carbide::firm']);
  assert.is(ran.code, 0, ran.err);
  assert.match(
    ran.out,
    /^NAMESPACE +FUNCTION +VERDICT +LEVEL +ROOT +OPEN +CALLS +ERRORS +PLACE\ncarbide::firmware +listFirmware +on /,
  );
  assert.not.match(ran.out, NAMESPACE);
  const cut = await told(['sites', '--limit', '1']);
  assert.match(cut.err, /^1 to 1 of 2; more with --offset 1\./);
  const none = await told(['sites', 'nothing::here']);
  assert.is(none.code, 0);
  assert.is(none.err, 'No site matches.\n');
});

test('spans shows what is open, with attribute values only for the token, and watch shows it again', async () => {
  tracing.setEnabled(true);
  const work = openWork({ 'machine.serial': 'SECRET-4711', trick: '\u001b[2J' });
  const ran = await told(['spans']);
  assert.is(ran.code, 0, ran.err);
  assert.match(
    ran.out,
    /handleObjectState +carbide::machine-controller +[0-9a-f]{32} +[0-9a-f]{16}\n(?: +\S+ = .*\n)* +machine\.serial = "SECRET-4711"\n/,
  );
  assert.not.match(ran.out, '\u001b');
  const remote = await told(['spans'], { SPANWRIGHT_ADMIN_TOKEN: '' });
  assert.match(remote.out, 'handleObjectState');
  assert.not.match(remote.out, 'SECRET-4711');

  const watch = start(['spans', '--watch', '--json'], { SPANWRIGHT_ADMIN_URL: admin.url });
  const frames: { total: number }[] = [];
  let rest = '';
  watch.stdout?.on('data', (part) => {
    const lines = (rest + part).split('\n');
    rest = lines.pop() ?? '';
    frames.push(...lines.map((line) => JSON.parse(line)));
    if (frames.length === 1) void work.finish();
    if (frames.length >= 2) watch.kill('SIGINT');
  });
  const code = await new Promise((resolve) => watch.once('exit', resolve));
  assert.is(code, 0);
  assert.equal(
    frames.slice(0, 2).map(({ total }) => total),
    [1, 0],
  );
  assert.is((await told(['spans'])).out, 'No span is open.\n');
});

test('top shows rates, latency and open spans of each interval', async () => {
  tracing.setEnabled(true);
  const work = openWork({});
  const calls = setInterval(() => listFirmware(), 10);
  try {
    const ran = await told(['top', '--interval', '300ms', '--count', '2']);
    assert.is(ran.code, 0, ran.err);
    assert.match(ran.out, /^Tracing on, \d+ min \d+ s left; 1 open; /m);
    assert.match(ran.out, /^CALLS\/S +ERRORS\/S +P50 +P95 +OPEN +FUNCTION +NAMESPACE$/m);
    assert.match(ran.out, /^ *\d[\d.]* +(?:[\d.]+ [mu]?s) +(?:[\d.]+ [mu]?s) +0 +listFirmware +carbide::firmware$/m);
    assert.match(ran.out, /^ +1 +handleObjectState +carbide::machine-controller$/m);
    const lines = (await told(['top', 'carbide::firm', '--interval', '200ms', '--count', '2', '--json'])).out.trim().split('\n');
    assert.is(lines.length, 2);
    const { functions } = JSON.parse(lines[1] as string);
    assert.equal(
      functions.map((row: { function: string }) => row.function),
      ['listFirmware'],
    );
    assert.ok(functions[0].callsPerSecond > 1 && functions[0].callsPerSecond <= 120, functions[0].callsPerSecond);
  } finally {
    clearInterval(calls);
    await work.finish();
  }
  const quiet = await told(['top', 'carbide::firm', '--interval', '100ms', '--count', '1']);
  assert.match(quiet.out, 'No recorded calls in this interval.');
  for (const interval of ['soon', '1ms']) {
    const wrong = await told(['top', '--interval', interval]);
    assert.is(wrong.code, 2);
    assert.match(wrong.err, /--interval: /);
  }
});

test('errors lists failed calls, with messages only for the token', async () => {
  assert.is((await told(['errors'])).err, 'No recorded call has failed.\n');
  tracing.setEnabled(true);
  await openWork({}).fail(new RangeError('no rack \u001b[2J7'));
  const ran = await told(['errors']);
  assert.is(ran.code, 0, ran.err);
  assert.match(ran.out, /handleObjectState +carbide::machine-controller +[0-9a-f]{32} +RangeError: no rack +\[2J7$/m);
  const remote = await told(['errors'], { SPANWRIGHT_ADMIN_TOKEN: '' });
  assert.match(remote.out, / RangeError$/m);
  assert.not.match(remote.out, 'no rack');
});

test('leases lists what is in force, and ends one', async () => {
  const lease = tracing.setEnabled(true, { reason: 'drill', actor: 'alice' });
  const ran = await told(['leases']);
  assert.match(
    ran.out,
    new RegExp(`^ID +CHANGE +LEFT +SPANS +BY +REASON\\n${lease.id} +tracing-enabled true .* 0 +alice +drill\n$`),
  );
  const ended = await told(['leases', 'end', lease.id]);
  assert.is(ended.code, 0, ended.err);
  assert.is(ended.out, `Ended lease ${lease.id} (tracing-enabled true). Tracing is off.\n`);
  assert.is(tracing.enabled, false);
  const again = await told(['leases', 'end', lease.id]);
  assert.is(again.code, 1);
  assert.match(again.err, /NotFound: There is no lease/);
  assert.is((await told(['leases'])).err, 'No change is in force: the service runs as configured.\n');
  assert.is((await told(['leases', 'stop', '1'])).code, 2);
});

test('metrics and audit are printed', async () => {
  const metrics = await told(['metrics']);
  assert.is(metrics.code, 0, metrics.err);
  assert.match(metrics.out, /^# TYPE /m);
  const audit = await told(['audit']);
  assert.match(audit.out, /^AT +OUTCOME +BY +CHANGE/);
  assert.match(audit.out, /refused/);
  assert.is((await told(['audit'], { SPANWRIGHT_ADMIN_TOKEN: '' })).code, 1);
});

test('a Unix socket is reached with --socket', async () => {
  const socketPath = join(directory, 'admin.sock');
  const own = await startAdminServer({ tracing, token: TOKEN, socketPath, log: () => undefined });
  const ran = await spanwright(['set', 'tracing-enabled', 'true', '--socket', socketPath], { SPANWRIGHT_ADMIN_TOKEN: TOKEN });
  assert.is(ran.code, 0, ran.err);
  assert.is(tracing.enabled, true);
  await own.close();
  const gone = await spanwright(['status', '--socket', socketPath]);
  assert.is(gone.code, 3);
  assert.match(gone.err, /Cannot reach the socket .*admin\.sock: there is no such socket/);
});

test("an unreachable service gives exit code 3, an answer that is not Spanwright's gives 1", async () => {
  const other = createServer((_request, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>shop</h1>'),
  );
  await new Promise<void>((resolve) => other.unref().listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}/tracing`;
  for (const command of ['status', 'metrics']) {
    const foreign = await spanwright([command, '--url', url]);
    assert.is(foreign.code, 1, command);
    assert.match(foreign.err, 'not a Spanwright admin hook');
  }
  await new Promise((resolve) => other.close(resolve).closeAllConnections());
  const gone = await spanwright(['status', '--url', url]);
  assert.is(gone.code, 3);
  assert.match(
    gone.err,
    /^spanwright: Cannot reach http:\/\/127\.0\.0\.1:\d+\/tracing: nothing listens there\. Is the service running/,
  );
  assert.is(gone.out, '');
});

test('a path that leads to no hook is reported as such', async () => {
  const ran = await told(['status', '--url', admin.url.replace('/tracing', '/ops')]);
  assert.is(ran.code, 1);
  assert.match(ran.err, /NotFound: There is no such route/);
  const bare = await told(['status', '--url', admin.url.replace('/tracing', '')]);
  assert.is(bare.code, 0, bare.err);
});

test('--only FILE:LINE switches on the function of auto mode whose name is on that line', async () => {
  const options = { namespace: 'carbide', auto: [{ files: 'src/**' }] };
  const project = join(__dirname, '../..');
  const texts = textsOf({ parser: parserFor(project), directory: project, tsconfig: null, options, purpose: 'bundle' });
  const authored = `${'\n'.repeat(41)}function powerOn(id) { return id; }\nfunction powerOff(id) { return id; }\n`;
  const code = texts.transform(join(project, 'src/power.ts'), authored, true)?.printed?.code;
  const { powerOn, powerOff } = new Function('require', `${code}\nreturn { powerOn, powerOff };`)(() => emitted);
  const ran = await told(['set', 'tracing-enabled', 'true', '--only', 'src/power.ts:42']);
  assert.is(ran.code, 0, ran.err);
  assert.match(ran.out, /^tracing-enabled true --only src\/power\.ts:42 until /);
  assert.is(ran.err, '');
  await tracing.forceFlush();
  exporter.reset();
  powerOff(powerOn('m-17'));
  listFirmware();
  await tracing.forceFlush();
  assert.equal(
    exporter.getFinishedSpans().map(({ name }) => name),
    ['powerOn'],
  );
});

test.run();
