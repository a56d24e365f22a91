// A recorded call whose end must be looked for in what it returned: a thenable, a stream, an observable, an iterator. Made only
// for such results; a plain value or promise needs none.

import type { Context } from '@opentelemetry/api';
import { withContext } from '../context/active.js';
import type { AnyFunction, Site } from '../site/site.js';
import { observeEnd } from './end/observe.js';
import { fail, succeed } from './outcome.js';
import type { RecordedSpan } from './recorded.js';

export class RecordedCall {
  constructor(
    readonly span: RecordedSpan,
    readonly site: Site,
    readonly self: unknown,
    /** The context in which the call's own work runs; consumers keep theirs. */
    readonly context: Context,
  ) {}

  succeed(value: unknown): void {
    if (!this.span.ended) succeed(this.span, this.site, this.self, value);
  }

  /** What the call promised has come; with `until: 'end'` it may go on. */
  fulfil(value: unknown): void {
    if (!this.site.options.untilEnd || !observeEnd(this, value)) this.succeed(value);
  }

  fail(error: unknown): void {
    if (!this.span.ended) fail(this.span, this.site, error);
  }

  /** Runs a part of the call's work that its consumer has set off. */
  inside(work: AnyFunction, self: unknown, args: ArrayLike<unknown>): unknown {
    return withContext(this.context, work, self, args);
  }
}
