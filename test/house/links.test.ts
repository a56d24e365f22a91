// Holds the documents together: every link of a Markdown file to a file of the project leads somewhere, and to a heading that
// is there when it names one.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PROJECT, projectFiles } from './sources.js';

interface Link {
  readonly target: string;
  readonly line: number;
}

/** Inline links and images, and reference definitions; code blocks and code spans hold none. */
function linksOf(markdown: string): Link[] {
  const prose = markdown.replace(/^(```|~~~)[\s\S]*?^\1/gm, (block) => block.replace(/[^\n]/g, '')).replace(/`[^`\n]*`/g, '');
  const found: Link[] = [];
  for (const pattern of [/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g, /^\[[^\]]+\]:\s+<?(\S+?)>?\s*$/gm]) {
    for (const match of prose.matchAll(pattern)) {
      found.push({ target: match[1] ?? '', line: prose.slice(0, match.index).split('\n').length });
    }
  }
  return found;
}

/** Anchors as GitHub makes them of headings. */
function anchorsOf(markdown: string): Set<string> {
  const headings = markdown.match(/^#+ .*$/gm) ?? [];
  const slug = (heading: string): string =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
  return new Set(headings.map(slug));
}

/** The fault of a link of a file; undefined when it is sound or leads out of the project. */
function fault(path: string, { target }: Link): string | undefined {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return undefined;
  const [file = '', anchor] = target.split('#');
  const full = file === '' ? join(PROJECT, path) : join(PROJECT, dirname(path), decodeURIComponent(file));
  if (relative(PROJECT, full).startsWith('..')) return 'leads out of the project';
  if (!existsSync(full)) return 'leads to no file';
  if (anchor === undefined || statSync(full).isDirectory() || !full.endsWith('.md')) return undefined;
  return anchorsOf(readFileSync(full, 'utf8')).has(anchor) ? undefined : 'names a heading that is not there';
}

const DOCUMENTS = projectFiles().filter((path) => path.endsWith('.md'));

test('every link to a file of the project leads to one', () => {
  assert.ok(DOCUMENTS.length > 0, 'the project has no documents');
  const faults = DOCUMENTS.flatMap((path) =>
    linksOf(readFileSync(join(PROJECT, path), 'utf8')).flatMap((link) => {
      const wrong = fault(path, link);
      return wrong ? [`${path}:${link.line} ${link.target} ${wrong}`] : [];
    }),
  );
  assert.equal(faults, []);
});

test('links are found in prose and left alone in code', () => {
  const text = 'See [a](a.md), ![b](b.png "title").\n\n```\n[c](c.md)\n```\n`[d](d.md)`\n\n[e]: e.md\n';
  assert.equal(
    linksOf(text).map(({ target, line }) => `${target}:${line}`),
    ['a.md:1', 'b.png:1', 'e.md:8'],
  );
});

test('distinguishes a broken link from a sound one', () => {
  const of = (target: string) => fault('CHANGELOG.md', { target, line: 1 });
  assert.is(of('LICENSE'), undefined);
  assert.is(of('https://example.com/nothing'), undefined);
  assert.is(of('#unreleased'), undefined);
  assert.is(of('no-such-file.md'), 'leads to no file');
  assert.is(of('../elsewhere.md'), 'leads out of the project');
  assert.is(of('#no-such-heading'), 'names a heading that is not there');
});

test.run();
