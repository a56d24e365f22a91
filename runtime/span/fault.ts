// Faults on the recording path: of user callbacks, of span processors, and of Spanwright itself. They are logged (SPW010), at most
// once per cause and minute, and never reach the program.

let report: (where: string, error: unknown) => void = () => {};

/** Sets where faults are logged; called by start-up. Until then they are dropped. */
export function onFault(to: (where: string, error: unknown) => void): void {
  report = to;
}

/** Logs a fault. Never throws. @param where the part that failed, for example `attributes of acme::Orders::place` */
export function reportFault(where: string, error: unknown): void {
  try {
    report(where, error);
  } catch {
    // a logger that fails has nowhere to report it
  }
}
