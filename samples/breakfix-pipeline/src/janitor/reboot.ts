// RebootNode: signals the reboot once, then waits until the node is back or the time is over.

import { trace } from '@opentelemetry/api';
import { instrument } from 'spanwright';
import type { Request } from '../kube/types.js';
import { call } from '../rpc/services.js';
import { type Progress, secondsSince } from './action.js';
import { CloudAction } from './cloud-action.js';

export class Reboot extends CloudAction {
  readonly kind = 'RebootNode';
  readonly session = 'janitor.rebootnode.reboot_session';

  @instrument({
    name: 'janitor.rebootnode.reconcile',
    attributes: ({ metadata, spec }: Request) => ({
      'janitor.rebootnode.name': metadata.name,
      'janitor.rebootnode.node': spec.nodeName,
    }),
    result: (progress: Progress) => ({ 'janitor.reboot.progress': typeof progress === 'string' ? progress : progress.name }),
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
    const message = `${spec.nodeName} was not ready ${spec.timeoutSeconds} s after the reboot signal`;
    return this.waitOr(request, 'reboot_timeout', message);
  }

  @instrument({
    name: 'janitor.rebootnode.signal_sent',
    result: (bootId: string) => ({ 'janitor.rebootnode.request_ref': bootId }),
  })
  signalReboot(request: Request): Promise<string> {
    return this.signal(request, 'SendRebootSignal', 'bootId', 'send_reboot_signal_error');
  }

  async isNodeReady(nodeName: string, bootId: string): Promise<boolean> {
    return (await call<{ isReady: boolean }>(this.provider, 'IsNodeReady', { nodeName, bootId })).isReady;
  }
}
