// Builds the page into dist/page: one script and one style sheet, so that a shared trace is one file.

import { mkdirSync, writeFileSync } from 'node:fs';
import { defineConfig } from 'vite';
import { noNodeModules } from '../runtime/admin/page/no-node.mjs';
import { licenceNotices } from '../runtime/admin/page/notices.mjs';

/** Beside dist/page, which the build empties. */
function writeNotices(text: string): void {
  mkdirSync(new URL('./dist', import.meta.url), { recursive: true });
  writeFileSync(new URL('./dist/THIRD-PARTY-NOTICES.txt', import.meta.url), text);
}

export default defineConfig({
  root: new URL('./page', import.meta.url).pathname,
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [noNodeModules(), licenceNotices(writeNotices)],
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    cssCodeSplit: false,
  },
});
