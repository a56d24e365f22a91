// Simulates a badly instrumented runtime below the program. It polls all the time, and each poll parks a
// task that never completes, so each span of it would stay open for good. `drop = "runtime"` in tracing.toml keeps them out,
// while calls below them are recorded below their callers.

import { instrument } from 'spanwright';

const POLL_MS = 20;

export class Reactor {
  private timer: NodeJS.Timeout | undefined;
  /** Passes so far; proof that it runs whether or not anybody sees it. */
  polls = 0;

  start(): void {
    this.timer = setInterval(() => this.poll(), POLL_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  @instrument({ namespace: 'runtime::reactor', name: 'runtime.poll' })
  poll(): void {
    this.polls += 1;
    void this.park();
  }

  @instrument({ namespace: 'runtime::reactor', name: 'runtime.park' })
  park(): Promise<never> {
    return new Promise(() => undefined);
  }

  /** Runs the program's work as the runtime does: inside a task of its own, after a poll. */
  @instrument({ namespace: 'runtime::reactor', name: 'runtime.block_on' })
  async blockOn<T>(work: () => Promise<T>): Promise<T> {
    this.poll();
    return work();
  }
}
