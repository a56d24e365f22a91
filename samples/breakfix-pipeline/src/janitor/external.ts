// ExternalRemediationRequest: hands the node over to another system, waits for its answer, and takes the node back.

import { trace } from '@opentelemetry/api';
import { instrument } from 'spanwright';
import type { Request } from '../kube/types.js';
import { Failure } from '../model/failure.js';
import { Action, type Progress } from './action.js';

const TAINT = 'nvsentinel.dgxc.nvidia.com/released';
const MANAGED = 'nvsentinel.dgxc.nvidia.com/managed';

export class ExternalRemediation extends Action {
  readonly kind = 'ExternalRemediationRequest';
  readonly session = 'janitor.externalremediationrequest.session';

  @instrument({
    name: 'janitor.externalremediationrequest.reconcile',
    attributes: ({ metadata, spec }: Request) => ({
      'extrr.name': metadata.name,
      'extrr.node': spec.nodeName,
      'extrr.recommended_action': spec.recommendedAction,
    }),
  })
  async reconcile(request: Request): Promise<Progress> {
    const { spec, status, metadata } = request;
    const branch = status.condition === undefined ? 'apply' : status.externallyCompleted === undefined ? 'wait' : 'cleanup';
    trace.getActiveSpan()?.setAttribute('extrr.branch', branch);
    if (branch === 'wait') return 'waiting';
    const { spec: node } = await this.kube.getNode(spec.nodeName);
    const taints = (node.taints ?? []).filter(({ key }) => key !== TAINT);
    if (branch === 'apply') {
      taints.push({ key: TAINT, value: metadata.name, effect: 'NoSchedule' });
      await this.kube.patchNode(spec.nodeName, { metadata: { labels: { [MANAGED]: 'false' } }, spec: { taints } });
      await this.kube.patchStatus(request, { startTime: new Date().toISOString(), condition: 'NVSentinelOwnershipReleased' });
      this.log.info({ resource: metadata.name, node: spec.nodeName }, 'node handed over');
      return 'waiting';
    }
    await this.kube.patchNode(spec.nodeName, { metadata: { labels: { [MANAGED]: 'true' } }, spec: { taints } });
    if (status.externallyCompleted === 'True') return 'succeeded';
    return new Failure(
      'janitor',
      'external_remediation_failed',
      `the external system gave ${spec.nodeName} back as not repaired`,
    );
  }
}
