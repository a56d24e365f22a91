// What the spans of one local trace share: the id, the clock's anchor, the errors recorded so far, and the pin that keeps
// the gate awake while any of them can still be a parent.

import type { TraceState } from '@opentelemetry/api';
import type { Pin } from '../gate/pins.js';
import { newTraceId } from './identity.js';

export class LocalTrace {
  readonly id: string;
  /** Milliseconds to add to `performance.now()` for the time of day: read once per local trace, so that its spans agree. */
  readonly anchor: number;
  /** Errors whose exception event stands on some span of this trace. */
  errors: Set<unknown> | undefined;

  constructor(
    readonly pin: Pin,
    id: string | undefined,
    readonly traceState: TraceState | undefined,
  ) {
    this.id = id ?? newTraceId();
    this.anchor = Date.now() - performance.now();
  }

  /** True the first time that an error is seen in this trace. */
  isNew(error: unknown): boolean {
    this.errors ??= new Set();
    if (this.errors.has(error)) return false;
    this.errors.add(error);
    return true;
  }
}
