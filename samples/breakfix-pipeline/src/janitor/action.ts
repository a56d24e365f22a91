// One kind of maintenance. A pass over a request brings it a step further; its status holds what the next pass needs.

import type { ConsoleLogger } from 'spanwright/logs';
import type { KubeClient } from '../kube/client.js';
import type { Kind, Request } from '../kube/types.js';
import { Failure } from '../model/failure.js';

export type Progress = 'signalled' | 'waiting' | 'succeeded' | Failure;

export abstract class Action {
  abstract readonly kind: Kind;
  /** Name of the span that is open from the first pass to the last. */
  abstract readonly session: string;

  constructor(
    protected readonly kube: KubeClient,
    protected readonly log: ConsoleLogger,
  ) {}

  /** Resolves with a failure when the action has come to an end without success; throws what is worth another attempt. */
  abstract reconcile(request: Request): Promise<Progress>;

  /** Waits while the request has time; then it has failed. */
  protected waitOr(request: Request, type: string, message: string): Progress {
    return isOverdue(request) ? new Failure('janitor', type, message) : 'waiting';
  }
}

export const secondsSince = (time: string | undefined): number => (Date.now() - Date.parse(time ?? '')) / 1000;
export const isOverdue = ({ spec, status }: Request): boolean => secondsSince(status.startTime) >= spec.timeoutSeconds;
