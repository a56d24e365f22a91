// GPUReset: stops the services that use the GPUs, resets them by a job on the node, and starts the services again, also after a job
// that failed. One step a pass; the status holds the last step that is done, as a condition.

import { instrument } from 'spanwright';
import type { ConsoleLogger } from 'spanwright/logs';
import type { KubeClient } from '../kube/client.js';
import type { Request } from '../kube/types.js';
import { Failure, failed } from '../model/failure.js';
import { type Action, isOverdue, type Progress } from './action.js';

const SERVICE_LABEL = 'nvidia.com/gpu.deploy.';
const STOPPED = 'paused-for-gpu-reset';

type Condition = 'Ready' | 'ServicesTornDown' | 'ResetJobCreated' | 'ResetJobCompleted' | 'ServicesRestored';
type JobState = 'running' | 'completed' | 'failed';

/** Failures of the steps after these conditions, when their time is over. */
const TIMEOUTS: Readonly<Record<string, string>> = {
  Ready: 'teardown_timeout',
  ResetJobCreated: 'reset_job_timeout',
  ResetJobCompleted: 'restore_timeout',
};

const jobOf = ({ metadata }: Request): string => `gpu-reset-${metadata.name}`;

export class GpuReset implements Action {
  readonly kind = 'GPUReset';
  readonly session = 'janitor.gpureset.reset_session';

  constructor(
    private readonly kube: KubeClient,
    private readonly log: ConsoleLogger,
  ) {}

  @instrument({
    name: 'janitor.gpureset.reconcile',
    attributes: ({ metadata, spec, status }: Request) => ({
      'janitor.gpureset.name': metadata.name,
      'janitor.gpureset.node': spec.nodeName,
      'janitor.gpureset.gpu_uuids': spec.gpus?.join(',') ?? '',
      'janitor.gpureset.condition': status.condition ?? 'Pending',
    }),
  })
  async reconcile(request: Request): Promise<Progress> {
    const { condition, reason } = request.status;
    if (condition === 'ServicesRestored')
      return reason === undefined ? 'succeeded' : new Failure('janitor', 'reset_job_failed', reason);
    const next = await this.#step(request, condition as Condition | undefined);
    if (next !== undefined) {
      await this.kube.patchStatus(request, {
        ...(condition === undefined && { startTime: new Date().toISOString() }),
        ...next,
      });
      return 'waiting';
    }
    if (!isOverdue(request)) return 'waiting';
    const message = `${request.spec.nodeName} was no further than ${condition} after ${request.spec.timeoutSeconds} s`;
    return new Failure('janitor', TIMEOUTS[condition ?? ''] ?? 'reset_timeout', message);
  }

  /** @returns the condition that is reached; undefined while the step waits for something */
  async #step(
    request: Request,
    condition: Condition | undefined,
  ): Promise<{ condition: Condition; reason?: string } | undefined> {
    switch (condition) {
      case undefined:
        return { condition: 'Ready' };
      case 'Ready':
        return (await this.tearDownServices(request)) ? { condition: 'ServicesTornDown' } : undefined;
      case 'ServicesTornDown':
        await this.createJob(request);
        return { condition: 'ResetJobCreated' };
      case 'ResetJobCreated': {
        const state = await this.checkJobStatus(request);
        if (state === 'running') return undefined;
        return { condition: 'ResetJobCompleted', ...(state === 'failed' && { reason: `the job ${jobOf(request)} failed` }) };
      }
      default:
        return (await this.restoreServices(request)) ? { condition: 'ServicesRestored' } : undefined;
    }
  }

  @instrument({
    name: 'janitor.gpureset.tearDownServices',
    result: (stopped: boolean) => ({ 'janitor.services.teardown.success': stopped }),
  })
  async tearDownServices({ spec: { nodeName } }: Request): Promise<boolean> {
    await this.#setServices(nodeName, STOPPED);
    return (await this.#servicePods(nodeName)).length === 0;
  }

  @instrument({
    name: 'create_job',
    attributes: (request: Request) => ({ 'janitor.reset_job.name': jobOf(request) }),
    result: () => ({ 'janitor.reset_job.created': true }),
  })
  async createJob(request: Request): Promise<void> {
    try {
      await this.kube.createJob({ metadata: { name: jobOf(request) }, spec: { nodeName: request.spec.nodeName } });
    } catch (error) {
      throw failed(this.log, 'janitor', 'job_creation_failed', error);
    }
  }

  @instrument({
    name: 'janitor.gpureset.checkJobStatus',
    attributes: (request: Request) => ({ 'janitor.reset_job.name': jobOf(request) }),
    result: (state: JobState) => ({
      'janitor.reset_job.completed': state === 'completed',
      'janitor.reset_job.failed': state === 'failed',
    }),
  })
  async checkJobStatus(request: Request): Promise<JobState> {
    const { status } = await this.kube.getJob(jobOf(request));
    return status.succeeded ? 'completed' : status.failed ? 'failed' : 'running';
  }

  @instrument({
    name: 'janitor.gpureset.restoreServices',
    result: (restored: boolean) => ({ 'janitor.services.restore.success': restored }),
  })
  async restoreServices({ spec: { nodeName } }: Request): Promise<boolean> {
    const services = await this.#setServices(nodeName, 'true');
    return (await this.#servicePods(nodeName)).length === services;
  }

  /** @returns how many services the node has */
  async #setServices(nodeName: string, value: string): Promise<number> {
    const { metadata } = await this.kube.getNode(nodeName);
    const services = Object.entries(metadata.labels ?? {}).filter(([label]) => label.startsWith(SERVICE_LABEL));
    if (services.some(([, current]) => current !== value)) {
      await this.kube.patchNode(nodeName, {
        metadata: { labels: Object.fromEntries(services.map(([label]) => [label, value])) },
      });
    }
    return services.length;
  }

  async #servicePods(nodeName: string): Promise<unknown[]> {
    return (await this.kube.listPods(nodeName)).filter(({ metadata }) => metadata.namespace === 'gpu-operator');
  }
}
