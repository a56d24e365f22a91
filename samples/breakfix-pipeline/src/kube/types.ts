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

/** Annotation of a pod: the one GPU that it uses. */
export const GPU = 'nvidia.com/gpu';
/** Beginning of the labels of a node that start and stop the services which use its GPUs. */
export const SERVICE_LABEL = 'nvidia.com/gpu.deploy.';
/** Namespace of those services. */
export const GPU_OPERATOR = 'gpu-operator';
/** Namespace of pods that their own scheduler drains, by a `DrainRequest`. */
export const SLURM = 'slurm';

/** Custom resources: maintenance requests for a node. The owner of the pods carries out `DrainRequest`, the janitor all others. */
export const KINDS = ['RebootNode', 'GPUReset', 'TerminateNode', 'ExternalRemediationRequest', 'DrainRequest'] as const;
export type Kind = (typeof KINDS)[number];
export const pluralOf = (kind: Kind): string => `${kind.toLowerCase()}s`;

export interface Request {
  kind: Kind;
  metadata: Metadata;
  spec: { nodeName: string; timeoutSeconds: number; recommendedAction: string; gpus?: string[] };
  status: RequestStatus;
}

export interface RequestStatus {
  startTime?: string;
  /** The cloud's reference for the boot that ends, or for the termination. */
  requestRef?: string;
  /** Last completed step. */
  condition?: string;
  /** Answer of the external system. */
  externallyCompleted?: 'True' | 'False';
  completionTime?: string;
  outcome?: 'Succeeded' | 'Failed';
  reason?: string;
}
