// Faults on the recording path and in the background: of user callbacks, of span processors, and of Spanwright itself. They are logged
// (SPW010), at most once per cause and minute, and never reach the program.

/** Place of the fault of a meter that throws. */
export const METER_FAULT = "metrics of the application's meter provider";

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

/** Result of `work`, or `otherwise` where it fails: the fault is logged. */
export function attempt<Result>(where: string, work: () => Result): Result | undefined;
export function attempt<Result>(where: string, work: () => Result, otherwise: Result): Result;
export function attempt<Result>(where: string, work: () => Result, otherwise?: Result): Result | undefined {
  try {
    return work();
  } catch (fault) {
    reportFault(where, fault);
    return otherwise;
  }
}

/** The function as a listener or timer of Spanwright, whose faults are logged and end no process. */
export function guarded<Args extends unknown[]>(where: string, run: (...args: Args) => void): (...args: Args) => void {
  return function guardedRun(...args) {
    try {
      run(...args);
    } catch (fault) {
      reportFault(where, fault);
    }
  };
}
