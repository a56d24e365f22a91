// Carries out reboot requests: signals the reboot once, then waits until the node is back or the time is over. A reboot takes many
// passes, so it is a session under the resource's name; its context is kept in the resource's annotations over restarts.

import type { Client } from '@grpc/grpc-js';
import { trace } from '@opentelemetry/api';
import { extract, inject, instrument, sessions } from 'spanwright';
import type { ConsoleLogger } from 'spanwright/logs';
import type { KubeClient } from '../kube/client.js';
import type { RebootNode } from '../kube/types.js';
import { OF_EVENT, OF_SESSION } from '../model/annotations.js';
import { Failure, failed } from '../model/failure.js';
import { Retries } from '../retries.js';
import { call } from '../rpc/services.js';

const NAMESPACE = 'nvsentinel::janitor';

type Progress = 'signalled' | 'waiting' | 'succeeded' | 'timed_out';

export class Janitor {
  /** Reboots whose session this process has begun. */
  readonly #begun = new Set<string>();

  readonly #retries = new Retries();

  constructor(
    private readonly kube: KubeClient,
    private readonly provider: Client,
    private readonly log: ConsoleLogger,
  ) {}

  async pass(): Promise<void> {
    for (const reboot of await this.kube.listReboots()) {
      if (reboot.status.completionTime !== undefined) continue;
      const { name } = reboot.metadata;
      await this.#retries.attempt(
        name,
        () => this.carryOut(reboot),
        (error) => this.log.warn({ resource: name, error: error.message }, 'not carried out yet'),
      );
    }
  }

  /** One pass over a request: the session is begun, or gone on with, and ended with the reboot. */
  async carryOut(reboot: RebootNode): Promise<void> {
    const { name, annotations } = reboot.metadata;
    const before = extract(annotations, OF_SESSION);
    const resumed = trace.getSpanContext(before) !== undefined;
    sessions.start(name, {
      name: 'janitor.rebootnode.reboot_session',
      namespace: NAMESPACE,
      attributes: { 'janitor.resource.name': name, 'janitor.node.name': reboot.spec.nodeName },
      // in the event's trace, linked to the span before: that of the session before a restart, else that of fault-remediation
      resume: resumed ? before : extract(annotations, OF_EVENT),
    });
    await sessions.run(name, async () => {
      if (!this.#begun.has(name)) {
        this.#begun.add(name);
        await this.kube.annotateReboot(name, inject({}, OF_SESSION, extract(sessions.carrier(name))));
        this.log.info({ resource: name, node: reboot.spec.nodeName, resumed }, 'reboot begun');
      }
      const progress = await this.reconcile(reboot);
      if (progress !== 'succeeded' && progress !== 'timed_out') return;
      this.#begun.delete(name);
      if (progress === 'succeeded') {
        sessions.end(name);
        return;
      }
      const { nodeName, timeoutSeconds } = reboot.spec;
      const failure = new Failure(
        'janitor',
        'reboot_timeout',
        `${nodeName} was not ready ${timeoutSeconds} s after the reboot signal`,
      );
      this.log.error({ error_type: failure.name, error: failure.message }, 'failed');
      sessions.annotate(name, failure.attributes);
      sessions.end(name, failure);
    });
  }

  @instrument({
    name: 'janitor.rebootnode.reconcile',
    result: (progress: Progress) => ({ 'janitor.reboot.progress': progress }),
  })
  async reconcile({ metadata: { name }, spec, status }: RebootNode): Promise<Progress> {
    if (status.bootID === undefined) {
      await this.signalReboot(name, spec.nodeName);
      return 'signalled';
    }
    const outcome = (await this.isNodeReady(spec.nodeName, status.bootID)) ? 'succeeded' : 'timed_out';
    const waited = Date.now() - Date.parse(status.startTime ?? '');
    if (outcome === 'timed_out' && waited < spec.timeoutSeconds * 1000) return 'waiting';
    await this.complete(name, outcome, spec.nodeName);
    return outcome;
  }

  @instrument({ name: 'janitor.rebootnode.signal_sent' })
  async signalReboot(name: string, nodeName: string): Promise<void> {
    try {
      const signal = await call<{ bootId: string }>(this.provider, 'SendRebootSignal', { nodeName });
      await this.kube.patchRebootStatus(name, { startTime: new Date().toISOString(), bootID: signal.bootId });
      this.log.info({ resource: name, node: nodeName }, 'reboot signal sent');
    } catch (error) {
      throw failed(this.log, 'janitor', 'send_reboot_signal_error', error);
    }
  }

  async isNodeReady(nodeName: string, bootId: string): Promise<boolean> {
    return (await call<{ isReady: boolean }>(this.provider, 'IsNodeReady', { nodeName, bootId })).isReady;
  }

  @instrument({ name: 'janitor.rebootnode.update_status', args: { outcome: 'janitor.reboot.outcome' } })
  async complete(name: string, outcome: 'succeeded' | 'timed_out', nodeName: string): Promise<void> {
    await this.kube.patchRebootStatus(name, {
      completionTime: new Date().toISOString(),
      outcome: outcome === 'succeeded' ? 'Succeeded' : 'Failed',
      ...(outcome === 'timed_out' && { reason: `${nodeName} did not come back in time` }),
    });
    this.log.info({ resource: name, node: nodeName, outcome }, 'reboot completed');
  }
}
