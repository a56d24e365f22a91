// The resources that the pipeline reads and changes, in the shape that Kubernetes gives them.

export interface Metadata {
  name: string;
  namespace?: string;
  annotations?: Record<string, string>;
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

export interface RebootNode {
  apiVersion: string;
  kind: 'RebootNode';
  metadata: Metadata;
  spec: { nodeName: string; timeoutSeconds: number };
  status: RebootStatus;
}

export interface RebootStatus {
  startTime?: string;
  bootID?: string;
  completionTime?: string;
  outcome?: 'Succeeded' | 'Failed';
  reason?: string;
}
