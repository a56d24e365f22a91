// RebootNode: signals the reboot once, then waits until the node is back or the time is over.

import type { Client } from '@grpc/grpc-js';
import { trace } from '@opentelemetry/api';
import { instrument } from 'spanwright';
import type { ConsoleLogger } from 'spanwright/logs';
import type { KubeClient } from '../kube/client.js';
import type { Request } from '../kube/types.js';
import { Failure, failed } from '../model/failure.js';
import { call } from '../rpc/services.js';
import { type Action, isOverdue, type Progress, progressOf, secondsSince } from './action.js';

export class Reboot implements Action {
  readonly kind = 'RebootNode';
  readonly session = 'janitor.rebootnode.reboot_session';

  constructor(
    private readonly kube: KubeClient,
    private readonly provider: Client,
    private readonly log: ConsoleLogger,
  ) {}

  @instrument({
    name: 'janitor.rebootnode.reconcile',
    attributes: ({ metadata, spec }: Request) => ({
      'janitor.rebootnode.name': metadata.name,
      'janitor.rebootnode.node': spec.nodeName,
    }),
    result: (progress: Progress) => ({ 'janitor.reboot.progress': progressOf(progress) }),
  })
  async reconcile(request: Request): Promise<Progress> {
    const { spec, status } = request;
    if (status.requestRef === undefined) {
      await this.signalReboot(request);
      return 'signalled';
    }
    const isReady = await this.isNodeReady(spec.nodeName, status.requestRef);
    trace.getActiveSpan()?.setAttributes({
      'janitor.rebootnode.node_ready': isReady,
      ...(isReady && { 'janitor.rebootnode.time_to_ready_seconds': secondsSince(status.startTime) }),
    });
    if (isReady) return 'succeeded';
    if (!isOverdue(request)) return 'waiting';
    return new Failure(
      'janitor',
      'reboot_timeout',
      `${spec.nodeName} was not ready ${spec.timeoutSeconds} s after the reboot signal`,
    );
  }

  @instrument({
    name: 'janitor.rebootnode.signal_sent',
    result: (bootId: string) => ({ 'janitor.rebootnode.request_ref': bootId }),
  })
  async signalReboot(request: Request): Promise<string> {
    const { nodeName } = request.spec;
    try {
      const { bootId } = await call<{ bootId: string }>(this.provider, 'SendRebootSignal', { nodeName });
      await this.kube.patchStatus(request, { startTime: new Date().toISOString(), requestRef: bootId });
      this.log.info({ resource: request.metadata.name, node: nodeName }, 'reboot signal sent');
      return bootId;
    } catch (error) {
      throw failed(this.log, 'janitor', 'send_reboot_signal_error', error);
    }
  }

  async isNodeReady(nodeName: string, bootId: string): Promise<boolean> {
    return (await call<{ isReady: boolean }>(this.provider, 'IsNodeReady', { nodeName, bootId })).isReady;
  }
}
