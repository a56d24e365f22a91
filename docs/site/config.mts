// Configuration of VitePress, for the pages that build.ts has staged. Copied there with anchors.ts and site.json, because VitePress reads its
// configuration from the folder of the pages.

import { readFileSync } from 'node:fs';
import { slugify } from './anchors.js';

interface Site {
  readonly description: string;
  readonly sidebar: readonly {
    readonly text: string;
    readonly items: readonly { readonly text: string; readonly link: string }[];
  }[];
}
const { description, sidebar } = JSON.parse(readFileSync(new URL('site.json', import.meta.url), 'utf8')) as Site;

export default {
  title: 'Spanwright',
  description,
  // a site of a project on GitHub Pages is served below its name
  base: process.env.DOCS_BASE ?? '/',
  markdown: { html: false, linkify: false, anchor: { slugify }, headers: { slugify } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar,
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'API', link: '/api/' },
      { text: 'For assistants', link: '/llms.txt', target: '_blank' },
    ],
  },
};
