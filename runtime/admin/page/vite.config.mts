// Builds the admin page into runtime/admin/page-assets.ts, which is not committed: the service then reads no file for its page, also
// where it is bundled into one.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';
import { noNodeModules } from './no-node.mjs';
import { licenceNotices } from './notices.mjs';

const here = (name: string): string => new URL(name, import.meta.url).pathname;

function writeAssets(): Plugin {
  return {
    name: 'page-assets',
    enforce: 'post',
    generateBundle(_, bundle) {
      const files = Object.values(bundle);
      const script = files.map((file) => (file.type === 'chunk' ? file.code : '')).join('');
      const style = files.map((file) => (file.type === 'asset' ? String(file.source) : '')).join('');
      const texts = { html: readFileSync(here('index.html'), 'utf8'), style, script };
      const lines = Object.entries(texts).map(([name, text]) => `export const ${name} = ${JSON.stringify(text)};\n`);
      writeFileSync(here('../page-assets.ts'), `// Built by vite.config.mts.\n${lines.join('')}`);
    },
  };
}

function writeNotices(text: string): void {
  const folder = here('../../../dist/runtime/admin');
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/THIRD-PARTY-NOTICES.txt`, text);
}

export default defineConfig({
  root: here('.'),
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [noNodeModules(), writeAssets(), licenceNotices(writeNotices)],
  build: {
    write: false,
    target: 'es2022',
    modulePreload: false,
    cssCodeSplit: false,
    rolldownOptions: { input: here('main.tsx'), output: { format: 'iife' } },
  },
});
