// The watching half of `spanwright build --watch`: calls back when a source or a configuration has changed, until the process is asked to end.

import { type FSWatcher, watch } from 'node:fs';
import { dirname, join } from 'node:path';

/** Milliseconds to wait after a change, because editors write in several steps. */
const SETTLE = 120;

interface Watch {
  /** Watches these folders too, except those that are watched already or are below a watched one, and these files, of any name. */
  add(directories: readonly string[], files: readonly string[]): void;
  /** Settles when the process has been asked to end, by SIGINT or SIGTERM. */
  readonly ended: Promise<void>;
}

export function watching(changed: () => void): Watch {
  const watchers = new Map<string, FSWatcher>();
  /** Watchers of the folders of single files, without what is below: such a folder may be that of a whole repository. */
  const shallow = new Map<string, FSWatcher>();
  const named = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  function note(name: string): void {
    if (/(^|[\\/])(node_modules|\.git)[\\/]|\.d\.[cm]?ts$/.test(name)) return;
    if (/\.[cm]?tsx?$|(^|[\\/])(tsconfig[^\\/]*|package)\.json$/.test(name)) change();
  }

  function change(): void {
    clearTimeout(timer);
    timer = setTimeout(changed, SETTLE);
  }

  function isCovered(directory: string): boolean {
    return [...watchers.keys()].some((known) => directory === known || /^[\\/]/.test(rest(known, directory)));
  }

  function watched(directory: string, recursive: boolean): FSWatcher {
    return watch(directory, { recursive }, (_event, name) => {
      if (name === null) return;
      if (named.has(join(directory, name))) change();
      else if (recursive) note(name);
    });
  }

  function add(directories: readonly string[], files: readonly string[]): void {
    for (const directory of directories) if (!isCovered(directory)) watchers.set(directory, watched(directory, true));
    for (const file of files) {
      named.add(file);
      const directory = dirname(file);
      if (!isCovered(directory) && !shallow.has(directory)) shallow.set(directory, watched(directory, false));
    }
  }

  const ended = new Promise<void>((done) => {
    const end = (): void => {
      clearTimeout(timer);
      for (const watcher of [...watchers.values(), ...shallow.values()]) watcher.close();
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
