// Three replicas of the controller and the hardware service that they share, as processes, switched by one command for one machine: what is
// recorded is that machine's trees, through both services, and nothing of the other machine or of other requests.
// limit: 240 s

import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';
import { type Receiver, startReceiver } from '../../viewer/receiver/receiver.js';
import { groupTraces } from '../../viewer/receiver/tree.js';
import { spanwright } from '../cli/program.js';
import { RedisServer } from '../control/redis-server.js';
import { until } from '../real/support/program.js';
import { ServiceProcess } from './service-process.js';

let receiver: Receiver;
let redis: RedisServer;
let hardware: ServiceProcess;
const replicas: ServiceProcess[] = [];

test.before(async () => {
  receiver = await startReceiver();
  redis = await RedisServer.start();
  const env = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.endpoint };
  hardware = await ServiceProcess.start({ env, entry: 'hardware/main.js' });
  const shared = { ...env, HARDWARE_URL: hardware.address, CONTROL_REDIS: redis.url };
  for (let count = 0; count < 3; count++) replicas.push(await ServiceProcess.start({ env: shared }));
});
test.after(async () => {
  for (const replica of replicas) await replica.stop();
  await hardware?.stop();
  await redis?.kill();
  await receiver?.close();
});

/** On each replica: both machines, a power shelf, and a request that concerns no machine. */
async function work(): Promise<void> {
  for (const replica of replicas) {
    for (const kind of ['machine', 'power-shelf']) {
      const answer = await replica.call('POST', '/v1/reconcile', { kind });
      assert.is(answer.status, 200, answer.text);
    }
    assert.is((await replica.call('GET', '/v1/firmware?component=rack-2')).status, 200);
  }
}

/** `<service> <name>` by depth. */
function outline(trace: readonly ReceivedSpan[], parent = '', indent = ''): string[] {
  return trace
    .filter((span) => span.parentSpanId === parent)
    .sort((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)))
    .flatMap((span) => [
      `${indent}${span.resource.attributes['service.name']} ${span.name.split('::').at(-1)}`,
      ...outline(trace, span.spanId, `${indent}  `),
    ]);
}

const TREE = [
  'carbide-api handleObjectState',
  '  carbide-api components.select',
  '  carbide-api getFirmwareStatus',
  '    carbide-api send',
  '      carbide-hardware bmc_request',
  '    carbide-api send',
  '      carbide-hardware bmc_request',
];

const set = (...args: string[]) => spanwright(['set', 'tracing-enabled', ...args, '--redis', redis.url], {});
const followed = (enabled: boolean) =>
  until(
    async () => {
      const states = await Promise.all(replicas.map((replica) => replica.admin('GET', '/state')));
      return states.every(({ body }) => body.enabled === enabled);
    },
    `all replicas are ${enabled ? 'on' : 'off'}`,
  );

test('off: no replica records anything, nor does the hardware service', async () => {
  await work();
  await sleep(500);
  assert.is(receiver.requests, 0);
});

test('a condition on one machine records its trees alone, in every replica and in the service that they call', async () => {
  const ran = await set('true', '--when', 'machineId=machine-2', '--for', '1m');
  assert.is(ran.code, 0, ran.err);
  await followed(true);
  await work();
  await receiver.waitFor((spans) => spans.length >= 3 * TREE.length);
  await sleep(500);
  const traces = groupTraces(receiver.spans);
  assert.equal(
    traces.map((trace) => outline(trace)),
    [TREE, TREE, TREE],
  );
  assert.equal(
    traces.map(([root]) => root?.attributes.object_id),
    ['machine-2', 'machine-2', 'machine-2'],
  );
  const paths = receiver.spans.filter(({ name }) => name === 'bmc_request').map(({ attributes }) => attributes['url.path']);
  assert.equal([...new Set(paths)].sort(), ['/rack-2.tray-1/firmware', '/rack-2/firmware']);
  const processes = new Set(traces.map(([root]) => root?.resource.attributes['service.instance.id']));
  assert.is(processes.size, 3, 'one trace from each replica');
});

test('a condition on a machine that no replica has records nothing', async () => {
  receiver.clear();
  const before = receiver.requests;
  assert.is((await set('true', '--when', 'machineId=machine-9', '--for', '1m')).code, 0);
  await until(async () => {
    const states = await Promise.all(replicas.map((replica) => replica.admin('GET', '/state')));
    return states.every(({ body }) => body.leases[0]?.when === 'machineId=machine-9');
  }, 'all replicas follow');
  await work();
  await sleep(500);
  assert.is(receiver.requests, before);
  assert.equal(receiver.spans, []);
});

test('off again: nothing is recorded for the machine of the condition either', async () => {
  assert.is((await set('false')).code, 0);
  await followed(false);
  const before = receiver.requests;
  await work();
  await sleep(500);
  assert.is(receiver.requests, before);
});

test.run();
