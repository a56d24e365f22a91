// Lines of Spanwright's on standard error where its disk is full or its reader is gone: of such errors Node's console ignores only the
// first, and `write()` none, so that a line would end the process. Called by the log of notices and the audit of the admin hook.

import { setImmediate, unref } from './captured.js';

let guarding = false;
const ignore = (): void => {};

/** Calls `write`, and ignores an error that standard error emits because of it. */
export function withStandardError(write: () => void): void {
  const { stderr } = process;
  if (!guarding) {
    guarding = true;
    stderr.on('error', ignore);
    unref(
      setImmediate(() => {
        guarding = false;
        stderr.removeListener('error', ignore);
      }),
    );
  }
  write();
}
