// One kind of maintenance. A pass over a request brings it a step further; its status holds what the next pass needs.

import type { Kind, Request } from '../kube/types.js';
import type { Failure } from '../model/failure.js';

export type Progress = 'signalled' | 'waiting' | 'succeeded' | Failure;

export interface Action {
  readonly kind: Kind;
  /** Name of the span that is open from the first pass to the last. */
  readonly session: string;
  /** Resolves with a failure when the action has come to an end without success; throws what is worth another attempt. */
  reconcile(request: Request): Promise<Progress>;
}

export const secondsSince = (time: string | undefined): number => (Date.now() - Date.parse(time ?? '')) / 1000;
export const isOverdue = ({ spec, status }: Request): boolean => secondsSince(status.startTime) >= spec.timeoutSeconds;
export const progressOf = (progress: Progress): string => (typeof progress === 'string' ? progress : progress.name);
