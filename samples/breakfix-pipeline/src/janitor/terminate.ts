// TerminateNode: signals the termination once, waits until the node is no longer ready, and removes it from the cluster.

import { trace } from '@opentelemetry/api';
import { instrument } from 'spanwright';
import type { Request } from '../kube/types.js';
import type { Progress } from './action.js';
import { CloudAction } from './cloud-action.js';

export class Terminate extends CloudAction {
  readonly kind = 'TerminateNode';
  readonly session = 'janitor.terminatenode.terminate_session';

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
      await this.signal(request, 'SendTerminateSignal', 'requestRef', 'terminate_signal_failed');
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
    const message = `${spec.nodeName} was still ready ${spec.timeoutSeconds} s after the terminate signal`;
    return this.waitOr(request, 'terminate_timeout', message);
  }
}
