// The resources that the pipeline reads and changes, in the shape that Kubernetes gives them.

export interface Metadata {
  name: string;
  namespace?: string;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  deletionTimestamp?: string;
}

export interface Condition {
  type: string;
  status: 'True' | 'False';
  reason?: string;
  message?: string;
}

export interface Taint {
  key: string;
  value: string;
  effect: 'NoSchedule' | 'NoExecute';
}

export interface Node {
  metadata: Metadata;
  spec: { unschedulable?: boolean; taints?: Taint[] };
  status: { conditions: Condition[]; nodeInfo: { bootID: string } };
}

export interface Pod {
  metadata: Metadata;
  spec: { nodeName: string; terminationGracePeriodSeconds: number };
  status: { phase: 'Running' };
}

export interface Job {
  metadata: Metadata;
  spec: { nodeName: string };
  status: { succeeded?: number; failed?: number };
}

/** Custom resources: what is asked for a node. The janitor carries out all but `DrainRequest`, which the owner of the pods carries out. */
export const PLURALS = {
  RebootNode: 'rebootnodes',
  GPUReset: 'gpuresets',
  TerminateNode: 'terminatenodes',
  ExternalRemediationRequest: 'externalremediationrequests',
  DrainRequest: 'drainrequests',
} as const;
export type Kind = keyof typeof PLURALS;

export interface Request {
  apiVersion: string;
  kind: Kind;
  metadata: Metadata;
  spec: { nodeName: string; timeoutSeconds: number; recommendedAction: string; gpus?: string[] };
  status: RequestStatus;
}

export interface RequestStatus {
  startTime?: string;
  /** The cloud's reference for the boot that ends, or for the termination. */
  requestRef?: string;
  /** The last step that a request of many steps has behind it. */
  condition?: string;
  /** Answer of the external system. */
  externallyCompleted?: 'True' | 'False';
  completionTime?: string;
  outcome?: 'Succeeded' | 'Failed';
  reason?: string;
}
