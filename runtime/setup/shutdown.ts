// Flushes on SIGTERM, SIGINT, SIGHUP and SIGQUIT within a limit, and leaves the exit behaviour of the process as it was: where only
// Spanwright listens, the signal is raised again afterwards, so that the process ends by it; where the program listens, it decides,
// and Spanwright only flushes, because the program may still end spans. Registered by startTracing().

import { constants } from 'node:os';
import { clearTimeout, setTimeout } from '../captured.js';

/** The part of a running set-up that a signal needs. */
interface Flushable {
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
  /** Called before the flush, which waits for a promise. */
  onSignal?(signal: string): Promise<void> | undefined;
  /** Logs how many spans are lost with the process. */
  reportLost(when: string): void;
}

/** Time that a shutdown gets beyond its own limit. It then reports what is lost before the signal is raised. */
const GRACE_MS = 1000;

/** SIGHUP: a terminal that closes. Node.js does not keep that `nohup` ignores it, so it ends the process without a listener too. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;
type Signal = (typeof SIGNALS)[number];

/**
 * Shared by every copy of this package in the process, so that no copy takes another's listener for the user's; the last copy
 * to finish raises the signal.
 */
const STATE = Symbol.for('spanwright.signals.1');
const holder = globalThis as { [STATE]?: { listeners: Set<unknown>; flushing: number } };
holder[STATE] ??= { listeners: new Set(), flushing: 0 };
const shared = holder[STATE];

/**
 * Listens until the returned function is called.
 * @param timeoutMillis after which the process continues as if all spans had been sent.
 */
export function onShutdownSignal(tracing: Flushable, timeoutMillis: number): () => void {
  /** Set while a flush is under way: ends the wait for it. */
  let finish: (() => void) | undefined;

  function flushOnSignal(signal: Signal): void {
    const alone = onlyOurs(signal);
    if (finish) {
      if (alone) finish(); // a second signal ends the wait
      return;
    }
    shared.flushing++;
    const timer = setTimeout(() => finish?.(), timeoutMillis + GRACE_MS);
    finish = function endOfFlush(): void {
      clearTimeout(timer);
      finish = undefined;
      shared.flushing--;
      if (!alone || !onlyOurs(signal)) return;
      tracing.reportLost(`at ${signal}`);
      leave(signal);
    };
    const mine = finish;
    const end = (): void => {
      if (finish === mine) mine();
    };
    const flush = () => (alone ? tracing.shutdown() : tracing.forceFlush());
    (tracing.onSignal?.(signal)?.then(flush, flush) ?? flush()).then(end, end);
  }

  function leave(signal: Signal): void {
    remove();
    if (shared.flushing === 0) raise(signal);
  }

  function remove(): void {
    for (const signal of SIGNALS) process.removeListener(signal, flushOnSignal);
    shared.listeners.delete(flushOnSignal);
  }

  shared.listeners.add(flushOnSignal);
  for (const signal of SIGNALS) process.on(signal, flushOnSignal);
  return () => {
    if (finish === undefined) remove(); // otherwise removed at the end of the flush, so that a second signal is seen
  };
}

function raise(signal: Signal): void {
  // In a worker thread signals do not arrive, and on Windows they end the process without being one.
  if (process.platform === 'win32') process.exit(128 + constants.signals[signal]);
  process.kill(process.pid, signal);
}

/** True when, without Spanwright, the process would have ended by the signal. */
function onlyOurs(signal: Signal): boolean {
  const others = process.listeners(signal).filter((listener) => !shared.listeners.has(listener)).length;
  return others <= passiveListeners();
}

/**
 * Listeners of the `signal-exit` package, which end the process themselves only when nobody else listens: taken for the
 * program's, the two would wait for each other and the signal would have no effect.
 */
function passiveListeners(): number {
  const holders = [
    (globalThis as Record<symbol, unknown>)[Symbol.for('signal-exit emitter')],
    (process as unknown as Record<string, unknown>).__signal_exit_emitter__,
  ];
  return holders.reduce<number>((sum, holder) => sum + Number((holder as { count?: number } | undefined)?.count ?? 0), 0);
}
