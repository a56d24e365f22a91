// Vite plugin of both pages: the licences of the packages whose code is in the bundle, as one text that is published with it.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/** Folder of the package that a module is of; undefined for modules of the page itself. */
const folderOf = (id: string): string | undefined => /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1];

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
  const file = readdirSync(folder).find((path) => /^licen[cs]e(\.|$)/i.test(path));
  if (file === undefined) throw new Error(`${name} is bundled and has no licence file in ${folder}`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}

/** @param write called with the text at the end of the build */
export function licenceNotices(write: (text: string) => void): Plugin {
  return {
    name: 'licence-notices',
    enforce: 'post',
    generateBundle(_, bundle) {
      const ids = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
      const folders = new Set(ids.map(folderOf).filter((folder) => folder !== undefined));
      const notices = [...folders].sort().map(noticeOf);
      write(`This folder holds code of these packages:\n\n${notices.join(`\n${'-'.repeat(80)}\n\n`)}`);
    },
  };
}
