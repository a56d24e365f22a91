// Scenarios of maintenance other than a reboot, and of actions by people and other systems meanwhile.

import { SLURM } from '../kube/types.js';
import { draining, logged, only, quick, type Scenario, settled, until, workedOff, xid } from './scenario.js';

const gpu = (entityValue: string) => ({ entityType: 'GPU', entityValue });

export const MAINTENANCE: Readonly<Record<string, Scenario>> = {
  'gpu-reset': {
    node: 'gpu-node-11',
    what: 'a GPU is reset: its own pod alone is drained, and the reset waits for an operator who holds the node',
    async run(pipeline, node) {
      const pods = [
        { name: `trainer-${node}`, endsAfterMs: 500, gpu: '0' },
        { name: `stays-${node}`, endsAfterMs: 3_600_000, gpu: '1' },
      ];
      await pipeline.addNode(quick(node, { pods, services: ['device-plugin', 'dcgm'] }));
      await pipeline.kube.lockNode(node, 'operator');
      const id = only(await pipeline.report(xid(node, { recommendedAction: 'COMPONENT_RESET' })));
      await logged(pipeline, node, 'the node is locked by another');
      await pipeline.kube.unlockNode(node);
      await settled(pipeline, id);
      return id;
    },
  },
  'reset-failed': {
    node: 'gpu-node-12',
    what: 'the job that resets the GPU fails, as does the one that collects logs; the services come back all the same',
    async run(pipeline, node) {
      const jobs = { 'gpu-reset': 'fails', 'log-collector': 'fails' } as const;
      await pipeline.addNode(quick(node, { pods: [], jobs, services: ['device-plugin'] }));
      return workedOff(pipeline, xid(node, { recommendedAction: 'COMPONENT_RESET' }));
    },
  },
  terminate: {
    node: 'gpu-node-13',
    what: 'the machine is terminated, and the node leaves the cluster; the log collector hangs',
    async run(pipeline, node) {
      await pipeline.addNode(quick(node, { jobs: { 'log-collector': 'hangs' } }));
      return workedOff(pipeline, xid(node, { recommendedAction: 'REPLACE_VM' }));
    },
  },
  external: {
    node: 'gpu-node-14',
    what: 'another system is asked to repair the node, and reports that it did',
    async run(pipeline, node) {
      await pipeline.addNode(quick(node));
      const id = only(await pipeline.report(xid(node, { recommendedAction: 'RUN_FIELDDIAG' })));
      const request = await until('the node is handed over', async () =>
        (await pipeline.kube.list('ExternalRemediationRequest')).find(
          ({ spec, status }) => spec.nodeName === node && status.condition,
        ),
      );
      await pipeline.kube.patchStatus(request, { externallyCompleted: 'True' });
      await settled(pipeline, id);
      return id;
    },
  },
  uncordoned: {
    node: 'gpu-node-15',
    what: 'an operator uncordons the node while it is drained, which cancels the drain',
    async run(pipeline, node) {
      await pipeline.addNode(quick(node, { pods: [{ name: `trainer-${node}`, endsAfterMs: 3_600_000 }] }));
      const id = only(await pipeline.report(xid(node)));
      await draining(pipeline, id);
      await pipeline.kube.patchNode(node, { spec: { unschedulable: false } });
      await settled(pipeline, id);
      return id;
    },
  },
  'partial-recovery': {
    node: 'gpu-node-16',
    what: 'two GPUs fail and recover one after the other; the second recovery uncordons the node',
    async run(pipeline, node) {
      await pipeline.addNode(quick(node));
      const recovered = (value: string) => xid(node, { isFatal: false, isHealthy: true, entitiesImpacted: [gpu(value)] });
      await workedOff(pipeline, xid(node, { entitiesImpacted: [gpu('0'), gpu('1')] }));
      const id = await workedOff(pipeline, recovered('0'));
      await workedOff(pipeline, recovered('1'));
      return id;
    },
  },
  'custom-drain': {
    node: 'gpu-node-17',
    what: 'a pod belongs to another scheduler, which is asked to drain it',
    async run(pipeline, node) {
      const pods = [
        { name: `trainer-${node}`, endsAfterMs: 500 },
        { name: `job-${node}`, endsAfterMs: 800, namespace: SLURM },
      ];
      await pipeline.addNode(quick(node, { pods }));
      return workedOff(pipeline, xid(node));
    },
  },
};
