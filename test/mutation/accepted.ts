// Mutants that no test has to notice, with the reason. Each is known by its file, its line as text and the change, so that an edit
// of the line requires a new decision.

export interface AcceptedMutant {
  /** Below runtime/. */
  readonly file: string;
  /** Part of the line. */
  readonly line: string;
  /** As it is printed: `a -> b`. */
  readonly change: string;
  readonly reason: string;
}

const RESTARTED = 'restart() sets it at each set-up, before anything reads it';
const CHECK_IN_ADVANCE =
  'only calls of compiled code pay less: what is not checked in advance is checked where the trace would start';

export const ACCEPTED: readonly AcceptedMutant[] = [
  { file: 'open/table.ts', line: '  started = 0;', change: '0 -> 1', reason: RESTARTED },
  { file: 'open/table.ts', line: '  ended = 0;', change: '0 -> 1', reason: RESTARTED },
  { file: 'open/table.ts', line: '  leaked = 0;', change: '0 -> 1', reason: RESTARTED },
  { file: 'open/table.ts', line: '  refused = 0;', change: '0 -> 1', reason: RESTARTED },
  { file: 'open/table.ts', line: '  tooDeep = 0;', change: '0 -> 1', reason: RESTARTED },
  { file: 'open/table.ts', line: '  max = 10_000;', change: '10_000 -> 10001', reason: RESTARTED },
  {
    file: 'open/table.ts',
    line: '(this.#reserved.get(namespace) ?? 0) < this.share',
    change: '0 -> 1',
    reason: 'a share of 1 is that of a table with one place, which is full before the share counts',
  },
  {
    file: 'open/table.ts',
    line: '(this.#excused.size > 0 && this.#excused.delete(entry))',
    change: '> -> >=',
    reason: 'nothing is deleted from an empty set',
  },
  {
    file: 'open/table.ts',
    line: '    this.#reserved = undefined;',
    change: 'this.#reserved = undefined; -> ;',
    reason: 'the places by namespace stay right where they are kept, and cost time only',
  },
  {
    file: 'gate/pattern.ts',
    line: 'if (code === COLON || code === DOT || code === SLASH) return false;',
    change: '|| -> &&',
    reason: 'a shortcut: the regular expression gives the same answer',
  },
  {
    file: 'open/hook-requests.ts',
    line: 'path.split(/[?#]/u, 1)[0]',
    change: '1 -> 2',
    reason: 'only the first part is read',
  },
  { file: 'gate/remote-roots.ts', line: '  perSecond = 100;', change: '100 -> 101', reason: RESTARTED },
  { file: 'gate/remote-roots.ts', line: '  recorded = 0;', change: '0 -> 1', reason: RESTARTED },
  { file: 'gate/remote-roots.ts', line: '  refused = 0;', change: '0 -> 1', reason: RESTARTED },
  { file: 'gate/gate.ts', line: '  dropsNames = false;', change: 'false -> true', reason: 'apply() sets it at each set-up' },
  {
    file: 'export/keep.ts',
    line: 'for (const [trace, waiting] of this.#waiting) this.#decide(trace, waiting);',
    change: 'this.#decide(trace, waiting); -> ;',
    reason: 'a shutdown has ended the roots before; it matters where the end of one has failed',
  },
  {
    file: 'export/keep.ts',
    line: 'ratio > 0 && isWithinRatio',
    change: '> -> >=',
    reason: 'no randomness reaches 1',
  },
  ...['2 -> 3', '30 -> 31', '1 -> 2', '- -> +'].map((change) => ({
    file: 'span/flight-ring.ts',
    line: 'numbers = 2 ** 30 - 1',
    change,
    reason: 'where the numbers start again; a call is known by its distance to the newest one',
  })),
  ...['const OPEN = -1;', 'export const NO_CALL = -1;'].map((line) => ({
    file: 'span/flight-ring.ts',
    line,
    change: '1 -> 2',
    reason: 'any number below 0 stands for it',
  })),
  ...[
    ['const MOST_THRESHOLDS = 100;', '100 -> 101'],
    ['if (thresholds.size >= MOST_THRESHOLDS)', '>= -> >'],
    ['if (thresholds.size >= MOST_THRESHOLDS)', 'thresholds.size >= MOST_THRESHOLDS -> !(thresholds.size >= MOST_THRESHOLDS)'],
    ['if (thresholds.size >= MOST_THRESHOLDS)', 'thresholds.clear(); -> ;'],
    ['thresholds.set(ratio, threshold);', 'thresholds.set(ratio, threshold); -> ;'],
    ['const PIECE = 512;', '512 -> 513'],
    ['const block = Buffer.allocUnsafeSlow(PIECE * 32);', '32 -> 33'],
  ].map(([line, change]) => ({
    file: 'span/identity.ts',
    line: line as string,
    change: change as string,
    reason: 'how much is remembered or made at once; ids and answers are the same',
  })),
  ...[
    ['let position = 0;', '0 -> 1'],
    ['position = 0;', '0 -> 1'],
    ['if (position + count > text.length) {', '> -> >='],
  ].map(([line, change]) => ({
    file: 'span/identity.ts',
    line: line as string,
    change: change as string,
    reason: 'random digits are left out; each is used once at most',
  })),
  ...['>= -> >', '14 -> 15'].map((change) => ({
    file: 'span/identity.ts',
    line: "before.slice(3).padEnd(14, '0') >= raised.padEnd(14, '0')",
    change,
    reason: 'an equal threshold is written again with the same text',
  })),
  ...[
    ['5', '6'],
    ['10', '11'],
    ['4', '5'],
    ['8', '9'],
  ].map(([bytes, more]) => ({
    file: 'export/encode-writer.ts',
    line: `this.#reserve(${bytes});`,
    change: `${bytes} -> ${more}`,
    reason: 'one byte of room more',
  })),
  {
    file: 'export/encode-writer.ts',
    line: 'this.#reserve(1 + SHORT_TEXT);',
    change: '1 -> 2',
    reason: 'one byte of room more',
  },
  ...['64 -> 65', '<= -> <'].map((change) => ({
    file: 'export/encode-writer.ts',
    line: change === '<= -> <' ? 'if (text.length <= SHORT_TEXT && this.#shortAscii(text)) return;' : 'const SHORT_TEXT = 64;',
    change,
    reason: 'both ways write the same bytes; it chooses the faster one',
  })),
  {
    file: 'export/encode-writer.ts',
    line: 'const negative = value < 0;',
    change: '< -> <=',
    reason: '0 is written above',
  },
  ...['>= -> >', '0 -> 1'].map((change) => ({
    file: 'export/encode-writer.ts',
    line: 'if (value >= 0 && value < TWO_32)',
    change,
    reason: 'the way for large numbers writes the same bytes',
  })),
  {
    file: 'export/encode-writer.ts',
    line: '    this.#out = NOTHING;',
    change: 'this.#out = NOTHING; -> ;',
    reason: 'how long memory above a mebibyte is held',
  },
  ...[
    ['const SMALL = 1;', '1 -> 2'],
    ['const SPAN = 2;', '2 -> 3'],
    ['const LARGE = 3;', '3 -> 4'],
  ].map(([line, change]) => ({
    file: 'export/encode.ts',
    line: line as string,
    change: change as string,
    reason: 'bytes reserved for a length; where it takes more or less, what follows is moved',
  })),
  {
    file: 'export/encode-writer.ts',
    line: 'for (let index = 0; index < count; index++)',
    change: '< -> <=',
    reason: 'the byte behind the id is not part of it, and is written again by what follows',
  },
  {
    file: 'span/captured-values.ts',
    line: 'at < args.length && at < parameters.length',
    change: '< -> <=',
    reason: 'an argument behind the last one is undefined, which is not recorded',
  },
  {
    file: 'export/delivery.ts',
    line: 'failure.retryAfter ?? 0',
    change: '0 -> 1',
    reason: 'a pause has 800 ms at least',
  },
  {
    file: 'span/identity.ts',
    line: 'if (digit !== least) return digit > least;',
    change: '> -> >=',
    reason: 'they differ',
  },
  {
    file: 'span/time.ts',
    line: 'if (at - anchoredAt > 1000)',
    change: '> -> >=',
    reason: 'the clock is read again after exactly a second instead of the next float above it',
  },
  {
    file: 'span/provided.ts',
    line: 'this.#asksOurs = sampler !== undefined',
    change: 'this.#asksOurs = sampler !== undefined && (tracer as { _samp -> ;',
    reason: 'the attributes reach the span through the tracer instead of the sampler, which costs copies of them only',
  },
  {
    file: 'span/provided-span.ts',
    line: '(duration >= 0 ? duration : now() - this.startedAt) || 0',
    change: '>= -> >',
    reason: 'a span that shows its times has no start by the monotonic clock, so that 0 comes out for 0 too',
  },
  {
    file: 'span/provided-span.ts',
    line: 'return Number.NaN;',
    change: 'Number.NaN -> undefined as never',
    reason: 'neither is 0 or more, which is all that is asked',
  },
  {
    file: 'span/end/observable.ts',
    line: 'forget();',
    change: 'forget(); -> ;',
    reason: 'a subscriber holds its observable, so that none is collected while a subscription runs',
  },
  {
    file: 'gate/admission.ts',
    line: 'return { index: argument.index, condition };',
    change: '{ index: argument.index, condition } -> undefined as never',
    reason: CHECK_IN_ADVANCE,
  },
  {
    file: 'open/watchdog.ts',
    line: 'else if (isOld && ageMs >= 0)',
    change: '>= -> >',
    reason: 'an age of exactly 0 has made `isOld` false already, because max_span_age is above 0',
  },
  {
    file: 'admin/node.ts',
    line: 'await drained(request);',
    change: '&& -> ||',
    reason: 'a request that has arrived whole is drained at once',
  },
  {
    file: 'admin/node.ts',
    line: "?? 'host.invalid'",
    change: '?? -> &&',
    reason: 'the handler takes the header Host first, and neither name is one that an operator allows',
  },
];
