// The watching half of `spanwright build --watch`: calls back when a source or a configuration has changed, until the process is asked to end.

import { type FSWatcher, watch } from 'node:fs';

/** Milliseconds to wait after a change, because editors write in several steps. */
const SETTLE = 120;

interface Watch {
  /** Watches these folders too, except those that are watched already or are below a watched one. */
  add(directories: readonly string[]): void;
  /** Settles when the process has been asked to end, by SIGINT or SIGTERM. */
  readonly ended: Promise<void>;
}

export function watching(changed: () => void): Watch {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;

  function note(_event: string, name: string | null): void {
    if (name === null || /(^|[\\/])(node_modules|\.git)[\\/]|\.d\.[cm]?ts$/.test(name)) return;
    if (!/\.[cm]?tsx?$|(^|[\\/])(tsconfig[^\\/]*|package)\.json$/.test(name)) return;
    clearTimeout(timer);
    timer = setTimeout(changed, SETTLE);
  }

  function add(directories: readonly string[]): void {
    for (const directory of directories) {
      const covered = [...watchers.keys()].some((known) => directory === known || /^[\\/]/.test(rest(known, directory)));
      if (!covered) watchers.set(directory, watch(directory, { recursive: true }, note));
    }
  }

  const ended = new Promise<void>((done) => {
    const end = (): void => {
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
      done();
    };
    process.once('SIGINT', end);
    process.once('SIGTERM', end);
  });
  return { add, ended };
}

/** The rest of a path after a directory; empty if the path does not start with it. */
function rest(directory: string, path: string): string {
  return path.startsWith(directory) ? path.slice(directory.length) : '';
}
