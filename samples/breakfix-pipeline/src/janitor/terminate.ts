// TerminateNode: signals the termination once, waits until the node is no longer ready, and removes it from the cluster.

import type { Client } from '@grpc/grpc-js';
import { trace } from '@opentelemetry/api';
import { instrument } from 'spanwright';
import type { ConsoleLogger } from 'spanwright/logs';
import type { KubeClient } from '../kube/client.js';
import type { Request } from '../kube/types.js';
import { Failure, failed } from '../model/failure.js';
import { call } from '../rpc/services.js';
import { type Action, isOverdue, type Progress } from './action.js';

export class Terminate implements Action {
  readonly kind = 'TerminateNode';
  readonly session = 'janitor.terminatenode.terminate_session';

  constructor(
    private readonly kube: KubeClient,
    private readonly provider: Client,
    private readonly log: ConsoleLogger,
  ) {}

  @instrument({
    name: 'janitor.terminatenode.reconcile',
    attributes: ({ metadata, spec }: Request) => ({
      'janitor.terminatenode.name': metadata.name,
      'janitor.terminatenode.node': spec.nodeName,
    }),
  })
  async reconcile(request: Request): Promise<Progress> {
    const { spec, status } = request;
    if (status.requestRef === undefined) {
      await this.signalTermination(request);
      trace.getActiveSpan()?.setAttribute('janitor.terminatenode.signal_sent', true);
      return 'signalled';
    }
    const node = (await this.kube.listNodes()).find(({ metadata }) => metadata.name === spec.nodeName);
    const isTerminated = !node?.status.conditions.some((one) => one.type === 'Ready' && one.status === 'True');
    trace.getActiveSpan()?.setAttribute('janitor.terminatenode.node_terminated', isTerminated);
    if (isTerminated) {
      if (node !== undefined) await this.kube.deleteNode(spec.nodeName);
      trace.getActiveSpan()?.setAttribute('janitor.terminatenode.node_deleted', true);
      return 'succeeded';
    }
    if (!isOverdue(request)) return 'waiting';
    const message = `${spec.nodeName} was still ready ${spec.timeoutSeconds} s after the terminate signal`;
    return new Failure('janitor', 'terminate_timeout', message);
  }

  async signalTermination(request: Request): Promise<void> {
    const { nodeName } = request.spec;
    try {
      const { requestRef } = await call<{ requestRef: string }>(this.provider, 'SendTerminateSignal', { nodeName });
      await this.kube.patchStatus(request, { startTime: new Date().toISOString(), requestRef });
      this.log.info({ resource: request.metadata.name, node: nodeName }, 'terminate signal sent');
    } catch (error) {
      throw failed(this.log, 'janitor', 'terminate_signal_failed', error);
    }
  }
}
