// docs/viewer.md names each route of the JSON API with its summary and query, and no other.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ROUTES } from '../../viewer/server/routes.js';

const TEXT = readFileSync(join(__dirname, '../../docs/viewer.md'), 'utf8');

test('each route of the API is in docs/viewer.md, and no other', () => {
  const rows = [...TEXT.matchAll(/^\| `((?:GET|POST|PUT|DELETE) \/api\/\S+)` \| (.+) \|$/gm)].map(
    ([, route, what]) => `${route} ${what}`,
  );
  const expected = ROUTES.map(({ method, path, summary }) => `${method} ${path} ${summary}`);
  assert.equal(
    rows.filter((row) => !row.startsWith('GET /api/events ')),
    expected,
  );
});

test('each query parameter of a route is in docs/viewer.md', () => {
  for (const { path, query = [] } of ROUTES) {
    for (const [name, summary] of query) assert.ok(TEXT.includes(`\`${name}\`: ${summary}`), `${path} ${name}`);
  }
});

test.run();
