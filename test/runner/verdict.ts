// Judges what one test file printed and how it ended: a plain function of text, so that its own tests need no processes.
// Guarantees that a file counts as passed only when uvu said how many tests ran, at least one did, and the process agreed.

import type { ChildResult } from './child.js';

export interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What went wrong, one line each; empty when nothing did. */
  readonly faults: readonly string[];
  /** Printed reasons of skipped tests: lines that begin with `skip:`. */
  readonly skipReasons: readonly string[];
}

/** uvu's closing lines; the last set counts, because a file may hold several suites. */
const CLOSING = /^\s*Total:\s+(\d+)\s*\n\s*Passed:\s+(\d+)\s*\n\s*Skipped:\s+(\d+)\s*$/gm;

export function judge(result: ChildResult, limitMs: number, ci: boolean): Verdict {
  const closing = [...result.output.matchAll(CLOSING)].at(-1);
  const total = Number(closing?.[1] ?? 0);
  const passed = Number(closing?.[2] ?? 0);
  const skipped = Number(closing?.[3] ?? 0);
  const skipReasons = [...result.output.matchAll(/^\s*skip:\s*(\S.*)$/gm)].map((match) => match[1] ?? '');

  const faults: string[] = [];
  if (result.timedOut) faults.push(`still running after ${limitMs / 1000} s, so it was ended`);
  else if (closing === undefined) faults.push('ended without the closing lines of uvu: is test.run() called?');
  else if (total === 0 && skipped === 0) faults.push('ran no tests');
  if (!result.timedOut && result.code !== 0 && total === passed) faults.push(`ended with exit status ${result.code}`);
  if (skipped > 0 && skipReasons.length === 0) faults.push(`skips ${skipped} without a reason: print a line "skip: <reason>"`);
  else if (skipped > 0 && ci) faults.push(`skips ${skipped}, and nothing may be skipped when CI=true`);

  // A fault of the file itself counts as one failure beside those of its tests.
  return { passed, failed: total - passed + faults.length, skipped, faults, skipReasons };
}
