// Explanations of budgets that are not met, or the tables that show what they vary by: report.ts links to them. Places are relative to
// docs/performance.md.

const ONE_GUARD = 'decisions/0009-one-guard.md#what-is-left-of-a-recorded-call';
const QUEUE = 'decisions/0010-queue-encoder-delegates.md#consequences';
const BESIDE = 'decisions/0013-calls-beside-tracing.md#consequences';

/** By the words of the row; the first that matches. */
const EXPLANATIONS: readonly (readonly [row: RegExp, place: string])[] = [
  [/record and export|CPU added/, QUEUE],
  [/1 % of traces kept/, 'decisions/0013-calls-beside-tracing.md#a-trace-that-a-ratio-leaves-out'],
  [/on and recorded|: recorded, over/, ONE_GUARD],
  [/a lease (on|with)|unsampled/, BESIDE],
  [/flight recorder, over off, sync/, '#where-the-time-of-a-call-under-the-flight-recorder-goes-sync-methods'],
  [/flight recorder, over off, async/, '#where-the-time-of-a-call-under-the-flight-recorder-goes-async-methods'],
  [/methods: off, /, '#off-many-methods'],
  [/^[\d,]+ sites: /, '#start-up-10000-sites'],
  [/^tspc with the plugin/, '#where-the-time-of-a-build-with-tspc-goes'],
  [/^spanwright build/, '#where-the-time-of-a-native-build-goes'],
  [/^text of samples/, 'decisions/0016-every-function.md#consequences'],
  [/^instructions of a request/, '#services-planted-and-off-instructions'],
  [/over the library alone/, '#off-instrumented-libraries'],
  [/(?:off|no endpoint), .*, over the bare call, sync/, '#off-sync-methods'],
  [/(?:off|no endpoint), .*, over the bare call, async/, '#off-async-methods'],
];

/** Undefined for a row without one. */
export const explanationOf = (what: string): string | undefined => EXPLANATIONS.find(([row]) => row.test(what))?.[1];
