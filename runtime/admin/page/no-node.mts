// Vite plugin of both pages: fails the build where a page reaches a module of Node.js, which Vite itself replaces by an empty one.

import type { Plugin } from 'vite';

export function noNodeModules(): Plugin {
  return {
    name: 'no-node-modules',
    enforce: 'pre',
    resolveId(name, importer) {
      if (name.startsWith('node:')) this.error(`${importer} imports ${name}, and a page runs in a browser`);
    },
  };
}
