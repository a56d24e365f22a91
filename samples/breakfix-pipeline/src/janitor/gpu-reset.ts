// GPUReset: stops the services that use the GPUs, resets them by a job on the node, and starts the services again, also after a job
// that failed or took too long. One step a pass; the status holds the last step that is done, as a condition.

import { instrument } from 'spanwright';
import { GPU_OPERATOR, type Request, SERVICE_LABEL } from '../kube/types.js';
import { Failure, failed } from '../model/failure.js';
import { Action, isOverdue, type Progress } from './action.js';

const STOPPED = 'paused-for-gpu-reset';

type Condition = 'Ready' | 'ServicesTornDown' | 'ResetJobCreated' | 'ResetJobCompleted' | 'ServicesRestored';
type JobState = 'running' | 'completed' | 'failed';

const jobOf = ({ metadata }: Request): string => `gpu-reset-${metadata.name}`;
/** Messages of the failures of a job, by the error type, which the status holds as `reason` until the services are restored. */
const JOB_FAILURES = {
  reset_job_failed: (request: Request) => `the job ${jobOf(request)} failed`,
  reset_job_timeout: (request: Request) => `the job ${jobOf(request)} was not completed after ${request.spec.timeoutSeconds} s`,
};
type JobFailure = keyof typeof JOB_FAILURES;

export class GpuReset extends Action {
  readonly kind = 'GPUReset';
  readonly session = 'janitor.gpureset.reset_session';

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
    const { condition } = request.status;
    if (condition === 'ServicesRestored') {
      const reason = request.status.reason as JobFailure | undefined;
      return reason === undefined ? 'succeeded' : new Failure('janitor', reason, JOB_FAILURES[reason](request));
    }
    const next = await this.#step(request, condition as Condition | undefined);
    if (next !== undefined) {
      await this.kube.patchStatus(request, {
        ...(condition === undefined && { startTime: new Date().toISOString() }),
        ...next,
      });
      return 'waiting';
    }
    const message = `${request.spec.nodeName} was no further than ${condition} after ${request.spec.timeoutSeconds} s`;
    return this.waitOr(request, condition === 'Ready' ? 'teardown_timeout' : 'restore_timeout', message);
  }

  /** @returns the condition that is reached; undefined while the step waits for something */
  async #step(
    request: Request,
    condition: Condition | undefined,
  ): Promise<{ condition: Condition; reason?: JobFailure } | undefined> {
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
        if (state === 'completed') return { condition: 'ResetJobCompleted' };
        if (state === 'failed') return { condition: 'ResetJobCompleted', reason: 'reset_job_failed' };
        return isOverdue(request) ? { condition: 'ResetJobCompleted', reason: 'reset_job_timeout' } : undefined;
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
    return (await this.kube.listPods(nodeName)).filter(({ metadata }) => metadata.namespace === GPU_OPERATOR);
  }
}
