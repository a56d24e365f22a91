// A manual uncordon of breakfix-pipeline that fails half way, over a cluster and a store that are in memory.

import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { consoleLogger } from '../../runtime/logs/index.js';
import { PIPELINE } from './breakfix-pipeline-run.js';

// the built classes, because tsx does not compile their decorators as the sample does
const { FaultQuarantine } = require(
  join(PIPELINE, 'build/fault-quarantine/index.js'),
) as typeof import('../../samples/breakfix-pipeline/src/fault-quarantine/index.js');
const { CircuitBreaker } = require(
  join(PIPELINE, 'build/fault-quarantine/circuit-breaker.js'),
) as typeof import('../../samples/breakfix-pipeline/src/fault-quarantine/circuit-breaker.js');

type Parameters = ConstructorParameters<typeof FaultQuarantine>;
const FAULTS = 'nvsentinel.nvidia.com/faults';

test('an uncordon that fails between two events cancels the second event in the next pass', async () => {
  const node = {
    metadata: { name: 'node', annotations: { [FAULTS]: 'GpuXidError/GPU/0' } as Record<string, string> },
    spec: { unschedulable: false, taints: [] },
  };
  const events = ['one', 'two'].map((id) => ({
    id,
    healthevent: { nodeName: 'node' },
    healtheventstatus: { nodequarantined: 'Quarantined', spanids: {} },
  }));
  const kube = {
    listNodes: async () => [node],
    patchNode: async (_: string, { metadata }: { metadata: { annotations: Record<string, string> } }) =>
      Object.assign(node.metadata.annotations, metadata.annotations),
  } as unknown as Parameters[1];
  let updates = 0;
  const store = {
    find: async (_: unknown, unset: string) =>
      unset === 'nodequarantined' ? [] : events.filter((one) => one.healtheventstatus.nodequarantined === 'Quarantined'),
    update: async (id: string, change: Record<string, string>) => {
      updates++;
      if (updates === 2) throw new Error('the store is gone');
      const event = events.find((one) => one.id === id);
      if (event) event.healtheventstatus.nodequarantined = change['healtheventstatus.nodequarantined'] ?? '';
    },
  } as unknown as Parameters[0];
  const quarantine = new FaultQuarantine(store, kube, new CircuitBreaker(1), consoleLogger({ stream: process.stderr }));
  const statuses = (): string[] => events.map(({ healtheventstatus }) => healtheventstatus.nodequarantined);

  await quarantine.pass().then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /the store is gone/),
  );
  assert.equal(statuses(), ['Cancelled', 'Quarantined']);
  await quarantine.pass();
  assert.equal([statuses(), node.metadata.annotations[FAULTS]], [['Cancelled', 'Cancelled'], '']);
  await quarantine.pass();
  assert.is(updates, 3, 'a node without faults is left alone');
});

test.run();
