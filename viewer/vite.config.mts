// Builds the page into dist/page: one script and one style sheet, so that a shared trace is one file.

import { defineConfig } from 'vite';
import { noNodeModules } from '../runtime/admin/page/no-node.mjs';

export default defineConfig({
  root: new URL('./page', import.meta.url).pathname,
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [noNodeModules()],
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    cssCodeSplit: false,
  },
});
