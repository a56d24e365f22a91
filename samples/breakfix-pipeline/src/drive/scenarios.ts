// Scenarios of a run, one row each: a node with its pods and its machine, the reports about it, the actions meanwhile. A step that
// takes long or fails has a reason that the traces must show; the investigations know nothing of this table.

import type { HealthEventDocument } from '../model/health-event.js';
import { MAINTENANCE } from './maintenance.js';
import type { Pipeline } from './pipeline.js';
import { draining, logged, type Outcome, only, quick, type Scenario, settled, until, workedOff, xid } from './scenario.js';

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  healthy: {
    node: 'gpu-node-1',
    what: 'a GPU falls off the bus; the node is drained and rebooted, and comes back',
    async run(pipeline, node) {
      await pipeline.addNode(quick(node));
      const id = await workedOff(pipeline, xid(node));
      await workedOff(pipeline, xid(node, { isFatal: false, isHealthy: true, message: 'no XID' }));
      return id;
    },
  },
  repeated: {
    node: 'gpu-node-2',
    what: 'three harmless errors in one report; the analyzer makes a fatal event of them; the sink refuses one export',
    async run(pipeline, node) {
      await pipeline.addNode(quick(node));
      pipeline.sink.refuseOnce(node);
      const harmless = xid(node, { isFatal: false, message: 'XID 48: double bit ECC error', errorCode: ['48'] });
      const ids = await pipeline.report(harmless, harmless, harmless);
      for (const id of ids) await settled(pipeline, id);
      const healthevent = { nodeName: node, agent: 'health-events-analyzer' };
      const id = await until('the repeated error is published', async () => {
        return (await pipeline.store.find([{ healthevent }], 'none'))[0]?.id;
      });
      await settled(pipeline, id);
      return id;
    },
  },
  duplicate: {
    node: 'gpu-node-10',
    what: 'the same fault is reported twice; one reboot repairs both',
    async run(pipeline, node) {
      await pipeline.addNode(quick(node));
      const ids = await pipeline.report(xid(node), xid(node));
      for (const id of ids) await settled(pipeline, id);
      return ids[1] as string;
    },
  },
  restarts: {
    node: 'gpu-node-3',
    what: 'node-drainer is restarted (SIGTERM) in the middle of the drain, the janitor killed (SIGKILL) in the middle of the reboot',
    async run(pipeline, node) {
      await pipeline.addNode(quick(node, { pods: [{ name: `trainer-${node}`, endsAfterMs: 2000 }], bootMs: 2500 }));
      const id = only(await pipeline.report(xid(node)));
      await draining(pipeline, id);
      await pipeline.restart('node-drainer', 'SIGTERM');
      await until('the reboot is under way', async () => {
        const reboots = await pipeline.kube.list('RebootNode');
        return reboots.find(({ spec, status }) => spec.nodeName === node && status.requestRef !== undefined);
      });
      await pipeline.restart('janitor', 'SIGKILL');
      await settled(pipeline, id);
      return id;
    },
  },
  'slow-drain': {
    node: 'gpu-node-4',
    what: 'a pod writes a long checkpoint before it ends',
    async run(pipeline, node) {
      const pods = [
        { name: `trainer-${node}`, endsAfterMs: 500 },
        { name: `checkpointer-${node}`, endsAfterMs: 5000 },
      ];
      await pipeline.addNode(quick(node, { pods }));
      return workedOff(pipeline, xid(node));
    },
  },
  unsupported: {
    node: 'gpu-node-5',
    what: 'the recommended action is one for people',
    async run(pipeline, node) {
      await pipeline.addNode(quick(node));
      return workedOff(pipeline, xid(node, { recommendedAction: 'CONTACT_SUPPORT' }));
    },
  },
  'lost-machine': {
    node: 'gpu-node-6',
    what: 'the machine does not come back from its reboot',
    async run(pipeline, node) {
      await pipeline.addNode(quick(node, { bootMs: null }));
      return workedOff(pipeline, xid(node));
    },
  },
  backfill: {
    node: 'gpu-node-7',
    what: 'event-exporter is started with a backfill: it keeps the table locked until all history is out',
    async run(pipeline, node) {
      await pipeline.addNode(quick(node));
      await addHistory(pipeline);
      const before = pipeline.sink.deliveries.length;
      await pipeline.restart('event-exporter', 'SIGTERM', { EXPORTER_BACKFILL: 'true' });
      await until('the backfill is under way', async () => pipeline.sink.deliveries.length > before);
      return workedOff(pipeline, xid(node));
    },
  },
  'circuit-breaker': {
    node: 'gpu-node-18',
    what: 'fault-quarantine may cordon one node, and two are reported; it stops, until it is restarted with a higher limit',
    async run(pipeline, node) {
      const other = 'gpu-node-19';
      await Promise.all([other, node].map((name) => pipeline.addNode(quick(name))));
      await pipeline.restart('fault-quarantine', 'SIGTERM', { CIRCUIT_BREAKER_NODES: '1' });
      const ids = await pipeline.report(...[other, node].map((name) => xid(name, { recommendedAction: 'CONTACT_SUPPORT' })));
      await logged(pipeline, 'circuit breaker tripped');
      await pipeline.restart('fault-quarantine', 'SIGTERM');
      for (const id of ids) await settled(pipeline, id);
      return ids[1] as string;
    },
  },
  stuck: {
    node: 'gpu-node-8',
    what: 'a pod does not end; the run ends before it',
    async run(pipeline, node) {
      await pipeline.addNode(quick(node, { pods: [{ name: `stuck-${node}`, endsAfterMs: 3_600_000 }] }));
      const id = only(await pipeline.report(xid(node)));
      await draining(pipeline, id);
      return id;
    },
  },
  'unknown-node': {
    node: 'gpu-node-9',
    what: 'the cluster does not know the node, so that calls of its API fail',
    async run(pipeline, node) {
      const id = only(await pipeline.report(xid(node)));
      await logged(pipeline, id, 'not decided yet');
      return id;
    },
  },
  ...MAINTENANCE,
};

/** Events of last week, worked off long ago. */
async function addHistory({ store }: Pipeline): Promise<void> {
  const healthevent = { ...xid('gpu-node-0', { isFatal: false }), metadata: {} };
  const healtheventstatus = { nodequarantined: 'NotQuarantined', analyzed: true, exported: true, spanids: {} };
  await store.transaction((client) =>
    client.query(
      `INSERT INTO "HealthEvents" (id, created_at, document)
       SELECT 'history-' || n, now() - interval '7 days', $1::jsonb FROM generate_series(1, 2000) AS n`,
      [JSON.stringify({ healthevent, healtheventstatus })],
    ),
  );
}

/** Groups run one after the other, because a restart of modules or a lock on the table would show in the other traces. */
export const GROUPS: readonly (readonly string[])[] = [
  ['repeated', 'slow-drain', 'unsupported', 'lost-machine', 'duplicate', ...Object.keys(MAINTENANCE)],
  ['restarts'],
  ['circuit-breaker'],
  ['backfill'],
  ['healthy', 'stuck', 'unknown-node'],
];

export async function runScenario(pipeline: Pipeline, name: string): Promise<Outcome> {
  const scenario = SCENARIOS[name] as Scenario;
  const eventId = await scenario.run(pipeline, scenario.node);
  const document = (await pipeline.store.get(eventId)) as HealthEventDocument;
  return { scenario: name, node: scenario.node, eventId, document };
}
