// Reads an answer of the API for a view, again when the live page changes, and never two at a time.

import { useEffect, useState } from 'preact/hooks';
import { tick } from './live.js';

interface Loaded<Answer> {
  readonly answer: Answer | undefined;
  readonly error: string | undefined;
}

/** @param key read again when it changes. @param live read again with every live change. */
export function useAnswer<Answer>(key: string, read: () => Promise<Answer>, live: boolean): Loaded<Answer> {
  const [loaded, setLoaded] = useState<Loaded<Answer> & { key: string }>({ key, answer: undefined, error: undefined });
  useEffect(() => {
    let [running, again, over] = [false, false, false];
    const load = async (): Promise<void> => {
      if (running) {
        again = true;
        return;
      }
      running = true;
      do {
        again = false;
        try {
          const answer = await read();
          if (!over)
            setLoaded((before) => (before.key === key && before.answer === answer ? before : { key, answer, error: undefined }));
        } catch (error) {
          if (!over) setLoaded({ key, answer: undefined, error: (error as Error).message });
        }
      } while (again && !over);
      running = false;
    };
    const stop = live ? tick.subscribe(() => void load()) : undefined;
    if (!live) void load();
    return () => {
      over = true;
      stop?.();
    };
  }, [key, live]);
  return loaded.key === key ? loaded : { answer: undefined, error: undefined };
}
