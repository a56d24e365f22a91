// Polling loop of the modules. A pass runs outside any span, so that its queries create none; spans start where an event is processed.

export interface Watch {
  /** Resolves when the pass under way has ended. */
  stop(): Promise<void>;
}

export function watch(everyMs: number, pass: () => Promise<void>, onError: (error: unknown) => void): Watch {
  let stopped = false;
  let wake: () => void = () => undefined;
  const loop = async (): Promise<void> => {
    while (!stopped) {
      await pass().catch(onError);
      if (stopped) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, everyMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const done = loop();
  return {
    stop() {
      stopped = true;
      wake();
      return done;
    },
  };
}
