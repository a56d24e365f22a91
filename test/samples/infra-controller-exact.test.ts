// The controller asked for exactly one thing, from a terminal: one signed request, the last calls, the values of one namespace, more
// depth in another. One process, switched by the command line as an operator runs it.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readTraces } from '../../viewer/formats/read.js';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';
import { type Receiver, startReceiver } from '../../viewer/receiver/receiver.js';
import { spanwright } from '../cli/program.js';
import { type Answer, ServiceProcess, TOKEN } from './service-process.js';

const SECRET = 'a secret of the operators of the site';
let receiver: Receiver;
let service: ServiceProcess;

test.before(async () => {
  receiver = await startReceiver();
  service = await ServiceProcess.start({
    env: {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint,
      SPANWRIGHT_FLIGHT_RECORDER: '30s',
      SPANWRIGHT_TRACE_HEADER: 'x-trace-this',
      SPANWRIGHT_TRACE_HEADER_SECRET: SECRET,
    },
  });
});
test.after(async () => {
  await service?.stop();
  await receiver?.close();
});

async function command(...args: string[]): Promise<string> {
  const environment = {
    SPANWRIGHT_ADMIN_URL: `${service.address}/tracing`,
    SPANWRIGHT_ADMIN_TOKEN: TOKEN,
    SPANWRIGHT_TRACE_HEADER_SECRET: SECRET,
  };
  const ran = await spanwright(args, environment);
  assert.is(ran.code, 0, ran.err);
  return ran.out;
}

async function restart(headers: Record<string, string> = {}) {
  const answer = await service.call('POST', '/v1/power', { component: 'switch-1', action: 'restart' }, headers);
  assert.is(answer.status, 200, answer.text);
  return answer;
}

/** Spans of the work; fails after a while without `count`. */
async function recorded(count: number, work: () => Promise<unknown>): Promise<readonly ReceivedSpan[]> {
  receiver.clear();
  await work();
  if (count > 0) await receiver.waitFor((spans) => spans.length >= count);
  await sleep(300);
  return receiver.spans;
}

/** A span of the database driver, which is named by its statement. */
const QUERY = 'query';
/** `Class::method`, or the name of a span that has no such name. */
const functions = (spans: readonly ReceivedSpan[]) =>
  spans.map(({ name, attributes }) => (attributes['db.query.text'] ? QUERY : name.split('::').slice(-2).join('::'))).sort();
const named = (spans: readonly ReceivedSpan[], end: string) => spans.find(({ name }) => name.endsWith(end));
const captured = (span: ReceivedSpan | undefined) =>
  Object.fromEntries(Object.entries(span?.attributes ?? {}).filter(([key]) => key.startsWith('spanwright.')));
const POWER = ['BmcClient::send', 'NsmBackend::powerControl', QUERY, QUERY, 'request'];

test('a signed request is recorded whole while tracing is off and its answer names the trace; no other request is', async () => {
  const header = /^x-trace-this: (\S+)$/m.exec(await command('sign', '--for', '5m', '--path', '/v1/power'))?.[1] ?? '';
  const signed = { 'x-trace-this': header };
  const answers: Answer[] = [];
  const spans = await recorded(POWER.length, async () => {
    answers.push(await restart(), await restart(signed));
    await service.call('GET', '/v1/firmware?component=switch-1', undefined, signed); // a path that is not signed
  });
  assert.equal(functions(spans), POWER);
  const [traceId, ...others] = new Set(spans.map((span) => span.traceId));
  assert.equal(others, []);
  assert.equal(
    answers.map(({ headers }) => headers.get('x-trace-id')),
    [null, traceId],
  );
  assert.match(await command('status'), /1 request recorded, 1 refused/);
});

test('a condition on a request header records only the customer that it names', async () => {
  await command('set', 'tracing-enabled', 'true', '--when', 'header:x-customer=42', '--for', '1m');
  const spans = await recorded(POWER.length, async () => {
    await restart();
    await restart({ 'x-customer': '43' });
    await restart({ 'x-customer': '42' });
  });
  assert.equal(functions(spans), POWER);
  await command('set', 'tracing-enabled', 'false');
});

test('dump writes the calls of the last seconds, which nobody had switched on', async () => {
  const exported = await recorded(0, () => restart());
  assert.equal(exported, []);
  const { file, spans: count } = JSON.parse(await command('dump', '--reason', 'slow rack 7', '--json'));
  const text = readFileSync(file, 'utf8');
  const spans = readTraces(text);
  assert.is(spans.length, count);
  const last = named(spans.toReversed(), '::powerControl');
  assert.is(last?.attributes['power.action'], 'restart');
  const root = spans.find(({ spanId }) => spanId === last?.parentSpanId);
  assert.is(root?.name, 'request');
  assert.is(root?.attributes['spanwright.flight.reason'], 'slow rack 7');
  assert.not.match(text, /bmc-password-|Basic /);
});

test('capture keeps arguments and results of the namespace that the lease names, without credentials', async () => {
  const only = 'carbide::component-manager::nsm';
  await command('set', 'tracing-enabled', 'true', '--only', only, '--capture', 'args, result', '--for', '1m');
  const spans = await recorded(2, () => restart());
  assert.equal(functions(spans), ['BmcClient::send', 'NsmBackend::powerControl']);
  assert.equal(captured(named(spans, '::powerControl')), {
    'spanwright.arg.component.backend': 'nsm',
    'spanwright.arg.component.endpoints': '[1 elements]',
    'spanwright.arg.component.id': 'switch-1',
    'spanwright.arg.action': 'restart',
    'spanwright.result': 'on',
  });
  assert.equal(captured(named(spans, '::send')), {}, 'outside of `only`');

  await command('set', 'tracing-enabled', 'true', '--only', 'carbide::component-manager', '--capture', 'args', '--for', '1m');
  const wider = await recorded(2, () => restart());
  assert.is(captured(named(wider, '::send'))['spanwright.arg.endpoint.credentials'], 'REDACTED');
  assert.not.match(JSON.stringify(wider), /bmc-password-/);
  await command('set', 'tracing-enabled', 'false');
});

test('capture keeps nothing where the configuration does not allow it', async () => {
  await command('set', 'tracing-enabled', 'true', '--only', 'carbide::rpc', '--capture', 'args', '--for', '1m');
  const spans = await recorded(POWER.length, () => restart());
  assert.equal(captured(named(spans, 'request')), {});
  await command('set', 'tracing-enabled', 'false');
});

test('a decorator without a span adds the component to the request, and a parameter decorator its action', async () => {
  await command('set', 'tracing-enabled', 'true', '--for', '1m');
  const spans = await recorded(POWER.length, () => restart());
  assert.equal(functions(spans), POWER);
  assert.is(named(spans, 'request')?.attributes['component.id'], 'switch-1');
  assert.is(named(spans, '::powerControl')?.attributes['power.action'], 'restart');
});

test('rules switch a namespace on in depth, and without them its details are left out', async () => {
  const lookup = 'Inventory::component';
  const before = await recorded(POWER.length, () => restart());
  assert.is(functions(before).includes(lookup), false);
  await command('set', 'rules', 'carbide::api-db=debug', '--for', '1m');
  const spans = await recorded(POWER.length + 1, () => restart());
  assert.is(named(spans, lookup)?.attributes['component.id'], 'switch-1');
  await command('set', 'rules', '');
  await command('set', 'tracing-enabled', 'false');
});

test('a lookup, which may start no trace, is not recorded where the lease names its namespace alone', async () => {
  await command('set', 'rules', 'carbide::api-db=debug', '--for', '1m');
  await command('set', 'tracing-enabled', 'true', '--only', 'carbide::api-db', '--for', '1m');
  assert.equal(await recorded(0, () => restart()), []);
});

test.run();
