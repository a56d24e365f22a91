// Takes Spanwright's frames out of the text of a stack. A recorded call enters its function a second time, past the prologue, with
// the recorder between the two; of the pair the inner frame stays, which has the line that was running.

/** Text up to `runtime/` in the places of this package's frames. Undefined inside a bundle, whose files hold the user's code as well. */
const OWN = ownFolder();
/** Marks the place between two frames of this package, or above the last one. */
const CONTEXT = /^\s+at AsyncLocalStorage\.run \(node:/;
const FUNCTION = /^\s+at (?:async )?([^(]+) \(/;

/** Undefined also where the program's `Error.prepareStackTrace` makes no text of a stack, or throws. */
function ownFolder(): string | undefined {
  try {
    return /([^\s(]*[\\/]runtime[\\/])(?:span[\\/]own-frames\.ts|spanwright\.js):\d/.exec(new Error().stack ?? '')?.[1];
  } catch {}
}

export function withoutOwnFrames(stack: string): string {
  if (OWN === undefined || !stack.includes(OWN)) return stack;
  const kept: string[] = [];
  let between = false;
  for (const line of stack.split('\n')) {
    if (line.includes(OWN) || (between && CONTEXT.test(line))) {
      between = true;
      continue;
    }
    const again =
      between && functionInFrame(line) !== undefined && functionInFrame(line) === functionInFrame(kept[kept.length - 1] ?? '');
    between = false;
    if (!again) kept.push(line);
  }
  return kept.join('\n');
}

function functionInFrame(line: string): string | undefined {
  return FUNCTION.exec(line)?.[1];
}
