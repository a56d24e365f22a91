// Carries out maintenance requests, each under the lock of its node. A request takes many passes, so it is a session under the
// resource's name; its context is kept in the resource's annotations over restarts.

import { trace } from '@opentelemetry/api';
import { extract, inject, instrument, sessions } from 'spanwright';
import type { ConsoleLogger } from 'spanwright/logs';
import type { KubeClient } from '../kube/client.js';
import type { Request } from '../kube/types.js';
import { OF_EVENT, OF_SESSION } from '../model/annotations.js';
import { Failure, failed } from '../model/failure.js';
import { Retries } from '../retries.js';
import { type Action, secondsSince } from './action.js';

const NAMESPACE = 'nvsentinel::janitor';

export class Janitor {
  /** Requests whose session this process has begun. */
  readonly #begun = new Set<string>();
  /** Requests whose node this process has locked. */
  readonly #locked = new Set<string>();
  readonly #retries = new Retries();

  constructor(
    private readonly kube: KubeClient,
    private readonly actions: readonly Action[],
    private readonly log: ConsoleLogger,
  ) {}

  async pass(): Promise<void> {
    for (const action of this.actions) {
      for (const request of await this.kube.list(action.kind)) {
        if (request.status.completionTime !== undefined) continue;
        const { name } = request.metadata;
        await this.#retries.attempt(
          name,
          () => this.carryOut(action, request),
          (error) => this.log.warn({ resource: name, error: error.message }, 'not carried out yet'),
        );
      }
    }
  }

  /** One pass over a request. Starts or resumes the session, and ends it with the action. */
  async carryOut(action: Action, request: Request): Promise<void> {
    const { kind, metadata, spec } = request;
    const { name, annotations } = metadata;
    const before = extract(annotations, OF_SESSION);
    const resumed = trace.getSpanContext(before) !== undefined;
    sessions.start(name, {
      name: action.session,
      namespace: NAMESPACE,
      attributes: { 'janitor.resource.name': name, 'janitor.resource.kind': kind, 'janitor.node.name': spec.nodeName },
      // in the event's trace, linked to the span before: that of the session before a restart, else that of fault-remediation
      resume: resumed ? before : extract(annotations, OF_EVENT),
    });
    await sessions.run(name, async () => {
      if (!this.#begun.has(name)) {
        this.#begun.add(name);
        await this.kube.annotate(request, inject({}, OF_SESSION, extract(sessions.carrier(name))));
        this.log.info({ resource: name, node: spec.nodeName, resumed }, 'maintenance begun');
      }
      if (!this.#locked.has(name)) {
        if (!(await this.lockNode(spec.nodeName, name))) return;
        this.#locked.add(name);
      }
      const progress = await action.reconcile(request);
      if (progress === 'succeeded' || progress instanceof Failure) await this.complete(request, progress);
    });
  }

  @instrument({
    name: 'janitor.node_lock',
    args: { nodeName: 'janitor.node_lock.node' },
    result: (acquired: boolean) => ({ 'janitor.node_lock.acquired': acquired }),
  })
  async lockNode(nodeName: string, holder: string): Promise<boolean> {
    try {
      const acquired = await this.kube.lockNode(nodeName, holder);
      if (!acquired) this.log.info({ resource: holder, node: nodeName }, 'the node is locked by another');
      return acquired;
    } catch (error) {
      throw failed(this.log, 'janitor', 'node_lock_failed', error);
    }
  }

  /** The lock is released first: a janitor that is killed in between locks the node again, and ends the same way. */
  async complete(request: Request, progress: 'succeeded' | Failure): Promise<void> {
    const { name } = request.metadata;
    const failure = progress === 'succeeded' ? undefined : progress;
    await this.kube.unlockNode(request.spec.nodeName);
    this.#locked.delete(name);
    await this.updateStatus(request, failure);
    const prefix = `janitor.${request.kind.toLowerCase()}`;
    sessions.annotate(name, {
      [`${prefix}.status`]: failure === undefined ? 'succeeded' : 'failed',
      [`${prefix}.duration_seconds`]: secondsSince(request.status.startTime),
      ...(failure !== undefined && { [`${prefix}.failure_reason`]: failure.name, ...failure.attributes }),
    });
    if (failure !== undefined) this.log.error({ error_type: failure.name, error: failure.message }, 'failed');
    sessions.end(name, failure);
    this.#begun.delete(name);
  }

  @instrument({ name: 'janitor.update_status' })
  async updateStatus(request: Request, failure: Failure | undefined): Promise<void> {
    await this.kube.patchStatus(request, {
      completionTime: new Date().toISOString(),
      outcome: failure === undefined ? 'Succeeded' : 'Failed',
      ...(failure !== undefined && { reason: failure.message }),
    });
    const { metadata, spec } = request;
    this.log.info({ resource: metadata.name, node: spec.nodeName, failed: failure?.name }, 'maintenance completed');
  }
}
