// Values of calls that a lease captures, as plain data. `gate/capture.ts` reads it from text, `span/captured-values.ts` records them.

export interface Capture {
  readonly args: boolean;
  readonly result: boolean;
  /** Fields of `this`, or all of its own. */
  readonly self: readonly string[] | 'all';
}
