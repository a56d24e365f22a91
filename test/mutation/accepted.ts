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

export const ACCEPTED: readonly AcceptedMutant[] = [
  { file: 'open/table.ts', line: '  started = 0;', change: '0 -> 1', reason: RESTARTED },
  { file: 'open/table.ts', line: '  ended = 0;', change: '0 -> 1', reason: RESTARTED },
  { file: 'open/table.ts', line: '  leaked = 0;', change: '0 -> 1', reason: RESTARTED },
  { file: 'open/table.ts', line: '  refused = 0;', change: '0 -> 1', reason: RESTARTED },
  { file: 'open/table.ts', line: '  tooDeep = 0;', change: '0 -> 1', reason: RESTARTED },
  { file: 'open/table.ts', line: '  max = 10_000;', change: '10_000 -> 10001', reason: RESTARTED },
];
