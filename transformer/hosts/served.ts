// Vite's server transforms a file again when the file itself changes, but not when one changes that it imports by a statement, even if the plugin
// declares the dependency (Vite 5 to 8: such importers are invalidated "softly"). This forgets them in full. Called by the plugin for bundlers.

import { forwardSlashes } from './paths.js';

interface Graph {
  getModulesByFile(path: string): ReadonlySet<object> | undefined;
  invalidateModule(module: object): void;
}

interface Server {
  /** Since Vite 6; before, one graph. */
  readonly environments?: Readonly<Record<string, { readonly moduleGraph: Graph }>>;
  readonly moduleGraph: Graph;
}

interface ServedFiles {
  /** The server that holds the files. */
  by(server: Server): void;
  /** The output of the importer depends on the other file. */
  note(other: string, importer: string): void;
  changed(other: string): void;
}

export function servedFiles(): ServedFiles {
  const importers = new Map<string, Set<string>>();
  let server: Server | undefined;
  return {
    by: (one) => {
      server = one;
    },
    note(other, importer) {
      const known = importers.get(forwardSlashes(other));
      if (known === undefined) importers.set(forwardSlashes(other), new Set([importer]));
      else known.add(importer);
    },
    changed(other) {
      if (server === undefined) return;
      const { environments } = server;
      const graphs =
        environments === undefined ? [server.moduleGraph] : Object.values(environments).map((one) => one.moduleGraph);
      for (const importer of importers.get(forwardSlashes(other)) ?? [])
        for (const graph of graphs)
          for (const module of graph.getModulesByFile(forwardSlashes(importer)) ?? []) graph.invalidateModule(module);
    },
  };
}
