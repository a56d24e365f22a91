// SUPPORT_MATRIX.md names what is tested: every version in it is pinned in the manifest of its row.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PROJECT } from './sources.js';

interface Row {
  readonly tested: string;
  readonly manifest: string;
}

/** Rows of the table whose manifest is a list of packages or of Go modules. */
function rowsOf(markdown: string): Row[] {
  return [...markdown.matchAll(/^\| [^|]+ \| ([^|]+) \| `([^`|]+(?:\.json|go\.mod))` \|$/gm)].map(([, tested, manifest]) => ({
    tested: tested as string,
    manifest: manifest as string,
  }));
}

/** Versions by package or module. */
function pinned(path: string): Record<string, string> {
  const text = readFileSync(path, 'utf8');
  if (path.endsWith('go.mod'))
    return Object.fromEntries([...text.matchAll(/(\S+) v(\S+)/g)].map(([, name, version]) => [name, version]));
  return (JSON.parse(text) as { dependencies: Record<string, string> }).dependencies;
}

/** Packages that a row names with a version that its manifest does not pin. */
function differences({ tested, manifest }: Row): string[] {
  const path = join(PROJECT, manifest);
  if (!existsSync(path)) return [`${manifest} does not exist`];
  const dependencies = pinned(path);
  return [...tested.matchAll(/(@?[a-z][\w./-]*) (\d+\.\d+\.\d+[\w.-]*)/g)]
    .filter(([, name, version]) => dependencies[name as string] !== version)
    .map(([named]) => `${manifest}: ${named}, pinned ${dependencies[named.split(' ')[0] as string]}`);
}

test('every version in SUPPORT_MATRIX.md is the one that its manifest pins', () => {
  const rows = rowsOf(readFileSync(join(PROJECT, 'SUPPORT_MATRIX.md'), 'utf8'));
  assert.ok(rows.length > 10, `${rows.length} rows`);
  assert.equal(rows.flatMap(differences), []);
});

test('a different version and a missing manifest are found', () => {
  const [row] = rowsOf('| Sentry | @sentry/node 9.0.0 | `test/versions/sentry9.json` |');
  assert.match(differences(row as Row).join(), '@sentry/node 9.0.0, pinned 9.');
  const go = rowsOf('| OpAMP | github.com/open-telemetry/opamp-go 0.1.0 | `test/fleet/server/go.mod` |');
  assert.match(differences(go[0] as Row).join(), 'opamp-go 0.1.0, pinned 0.');
  assert.equal(differences({ tested: 'x 1.0.0', manifest: 'test/none.json' }), ['test/none.json does not exist']);
});

test.run();
