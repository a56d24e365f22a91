// The documents as a site, built as `npm run docs` builds it. Uses the page of the admin hook that `npm run compile` writes.
// limit: 300 s

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildSite } from '../../docs/site/build.js';
import { deadLinks } from '../../docs/site/links.js';
import { ROOT } from '../../docs/site/pages.js';
import { ROUTES } from '../../runtime/admin/routes.js';
import { projectFiles } from '../house/sources.js';
import { mustSkip } from '../missing.js';

const OUT = join(ROOT, 'build/docs');
const installed = existsSync(join(ROOT, '.cache/hosts/site/node_modules/vitepress'));

if (!mustSkip(installed ? [] : ['the part site'])) {
  test('builds a page of each document without a dead link, and llms.txt names all of them', async () => {
    const pages = await buildSite();
    const sources = pages.map(({ source }) => source);
    const documents = projectFiles().filter((path) => /^docs\/.*\.md$/.test(path));
    assert.ok(documents.length > 20);
    assert.equal(
      documents.filter((path) => !sources.includes(path)),
      [],
    );
    assert.ok(sources.includes('README.md') && sources.includes('api/spanwright.md'), sources.join(' '));
    const listed = [...readFileSync(join(OUT, 'llms.txt'), 'utf8').matchAll(/^- \[[^\]]+\]\(([^)]+)\): \S/gm)].map(
      ([, path]) => path,
    );
    assert.equal([...listed].sort(), [...pages.map(({ path }) => path), 'openapi.json'].sort());
    for (const path of listed as string[]) {
      assert.ok(existsSync(join(OUT, path)), path);
      assert.ok(existsSync(join(OUT, path.replace(/\.md$/, '.html'))), path);
    }
    const { paths } = JSON.parse(readFileSync(join(OUT, 'openapi.json'), 'utf8')) as { paths: Record<string, object> };
    assert.is(Object.values(paths).flatMap(Object.keys).length, ROUTES.length);
    assert.match(readFileSync(join(OUT, 'api/spanwright.md'), 'utf8'), /^#+ startTracing\(\)$/m);
  });
}

test('finds a link to a missing page and to a missing heading, and accepts links that lead somewhere', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwright-site-'));
  try {
    const links = ['b.html#there', '/b.html', '#here', 'https://example.com/x', 'gone.html', 'b.html#gone', '/c/'];
    writeFileSync(
      join(folder, 'index.html'),
      `<h2 id="here"></h2>${links.map((link) => `<a class="x" href="${link}">`).join('')}`,
    );
    writeFileSync(join(folder, 'b.html'), '<h2 id="there"></h2><a href="/">');
    assert.equal(deadLinks(folder), ['index.html: gone.html', 'index.html: b.html#gone', 'index.html: /c/']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
