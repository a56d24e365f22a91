// The time limit of a GPU reset of breakfix-pipeline, over the sample's cluster in a process of its own.

import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { consoleLogger } from '../../runtime/logs/index.js';
import { KubeClient } from '../../samples/breakfix-pipeline/src/kube/client.js';
import type { Request } from '../../samples/breakfix-pipeline/src/kube/types.js';
import { Child } from '../../samples/stage/src/child.js';
import { PIPELINE } from './breakfix-pipeline-run.js';

// the built class, because tsx does not compile its decorators as the sample does
const { GpuReset } = require(
  join(PIPELINE, 'build/janitor/gpu-reset.js'),
) as typeof import('../../samples/breakfix-pipeline/src/janitor/gpu-reset.js');

let cluster: Child;
let kube: KubeClient;

test.before(async () => {
  cluster = await Child.start(join(PIPELINE, 'build/cluster/main.js'), { readyBy: 'message' });
  kube = new KubeClient(cluster.address);
  const setup = { name: 'node', pods: [], bootMs: 0, jobs: { 'gpu-reset': 'hangs' }, services: ['dcgm'] };
  await fetch(`${cluster.address}/setup/nodes`, { method: 'POST', body: JSON.stringify(setup) });
});
test.after(async () => {
  await cluster?.stop();
});

const LABEL = 'nvidia.com/gpu.deploy.dcgm';

/** One pass over a reset that began so many seconds ago and may take ten. */
async function pass(condition: string, seconds: number): Promise<string> {
  const request = {
    kind: 'GPUReset',
    metadata: { name: `${condition}-${seconds}` },
    spec: { nodeName: 'node', timeoutSeconds: 10, recommendedAction: 'COMPONENT_RESET' },
    status: { condition, startTime: new Date(Date.now() - seconds * 1000).toISOString() },
  } satisfies Request;
  await kube.create(request);
  await kube.createJob({ metadata: { name: `gpu-reset-${request.metadata.name}` }, spec: { nodeName: 'node' } });
  return passOver(request);
}

async function passOver(request: Request): Promise<string> {
  const progress = await new GpuReset(kube, consoleLogger({ stream: process.stderr })).reconcile(request);
  return typeof progress === 'string' ? progress : `${progress.name}: ${progress.message}`;
}

test('a reset waits for its job while there is time; later it fails, with the services restored', async () => {
  await kube.patchNode('node', { metadata: { labels: { [LABEL]: 'paused-for-gpu-reset' } } });
  assert.is(await pass('ResetJobCreated', 5), 'waiting');
  assert.is((await kube.get('GPUReset', 'ResetJobCreated-5')).status.condition, undefined);

  assert.is(await pass('ResetJobCreated', 20), 'waiting');
  const late = async (): Promise<Request> => {
    const request = await kube.get('GPUReset', 'ResetJobCreated-20');
    return { ...request, status: { startTime: new Date(Date.now() - 20_000).toISOString(), ...request.status } };
  };
  assert.is((await late()).status.condition, 'ResetJobCompleted');
  assert.is(await passOver(await late()), 'waiting');
  assert.is((await kube.getNode('node')).metadata.labels?.[LABEL], 'true');
  assert.is(await passOver(await late()), 'reset_job_timeout: the job gpu-reset-ResetJobCreated-20 was not completed after 10 s');
});

test('a step that is completed leads to the next one, also when it is late', async () => {
  for (const seconds of [5, 20]) {
    assert.is(await pass('ServicesTornDown', seconds), 'waiting');
    assert.is((await kube.get('GPUReset', `ServicesTornDown-${seconds}`)).status.condition, 'ResetJobCreated');
  }
});

test.run();
