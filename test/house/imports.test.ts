// Holds the direction of imports: the three parts import each other only as the design allows. Reads what the compiler
// parses, not text, so that comments and strings neither hide an import nor invent one.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Import, importsOf, PROJECT, projectFiles } from './sources.js';

interface Rule {
  readonly says: string;
  /** Files that the rule is about. */
  readonly of: (path: string) => boolean;
  readonly forbids: (edge: Import, path: string) => boolean;
  /** A breach and its lawful twin, to show that the rule distinguishes them. */
  readonly breach: { path: string; source: string };
  readonly lawful: { path: string; source: string };
}

const part = (name: string) => (path: string) => path.startsWith(`${name}/`);
const into = (edge: Import, name: string): boolean => edge.target?.startsWith(`${name}/`) ?? false;
/** Modules that the viewer may use: the command contract, texts, components of the admin page, and types of the runtime. */
const VIEWER_MAY =
  /^(viewer\/|runtime\/(text|errors|site\/latency|logs\/derived-fields|admin\/(defaults|page\/))|cli\/(command|options|table|token-file|get-json|live\/(ask|connection)|doctor\/collector-health|viewer\/))/;
const SDK = /^@opentelemetry\/(sdk-|exporter-|context-async-hooks$|resources$|core$|otlp-)/;
/** The one file that names packages of the SDK. */
const SDK_HOME = 'runtime/sdk/packages.ts';

const RULES: readonly Rule[] = [
  {
    says: 'the runtime never imports the transformer or the command line',
    of: part('runtime'),
    forbids: (edge) =>
      into(edge, 'transformer') ||
      into(edge, 'cli') ||
      into(edge, 'viewer') ||
      /^typescript(\/|$)|^ts-patch/.test(edge.specifier),
    breach: { path: 'runtime/a.ts', source: "export type { Edit } from '../transformer/core/edit.js';" },
    lawful: { path: 'runtime/a.ts', source: "// import '../transformer/index.js'\nimport './b.js';" },
  },
  {
    says: 'the transformer takes types, and no code but that of runtime/text, from the runtime',
    of: part('transformer'),
    forbids: (edge) => into(edge, 'cli') || (into(edge, 'runtime') && !edge.typeOnly && !into(edge, 'runtime/text')),
    breach: { path: 'transformer/core/a.ts', source: "import { type Shape, Site } from '../../runtime/site/site.js';" },
    lawful: {
      path: 'transformer/core/a.ts',
      source:
        "import { type Shape } from '../../runtime/site/site.js';\nimport { nearest } from '../../runtime/text/nearest.js';",
    },
  },
  {
    says: 'the command line never imports the viewer, which is a package of its own',
    of: part('cli'),
    forbids: (edge) => into(edge, 'viewer'),
    breach: { path: 'cli/a.ts', source: "const load = () => import('../viewer/commands.js');" },
    lawful: { path: 'cli/a.ts', source: "import './viewer/load.js';" },
  },
  {
    says: 'the viewer uses contracts, texts and page components of the other parts, and types of the runtime',
    of: part('viewer'),
    forbids: (edge) => edge.target !== undefined && !VIEWER_MAY.test(edge.target) && !(into(edge, 'runtime') && edge.typeOnly),
    breach: { path: 'viewer/a.ts', source: "import { state } from '../runtime/state.js';" },
    lawful: {
      path: 'viewer/a.ts',
      source:
        "import type { TracingState } from '../runtime/tracing.js';\nimport { printable } from '../runtime/text/printable.js';",
    },
  },
  {
    says: 'packages of the SDK are named in one file only',
    of: (path) => /^(runtime|transformer|cli|viewer)\//.test(path) && path !== SDK_HOME,
    forbids: (edge) => SDK.test(edge.specifier),
    breach: { path: 'runtime/span/a.ts', source: "const load = () => require('@opentelemetry/sdk-trace-base');" },
    lawful: { path: 'runtime/span/a.ts', source: "import { trace } from '@opentelemetry/api';" },
  },
  {
    says: 'the product imports no test, benchmark or sample',
    of: (path) => /^(runtime|transformer|cli|viewer)\//.test(path),
    forbids: (edge) => into(edge, 'test') || into(edge, 'bench') || into(edge, 'samples'),
    breach: { path: 'cli/a.ts', source: "import '../test/run.js';" },
    lawful: { path: 'cli/a.ts', source: "import '../runtime/errors.js';\nimport '../transformer/index.js';" },
  },
  {
    says: 'every relative import names a file that exists',
    of: (path) => /^(runtime|transformer|cli|viewer|test|bench)\//.test(path),
    forbids: (edge) => edge.target?.endsWith('.ts') === true && !EXISTING.has(edge.target),
    breach: { path: 'runtime/a.ts', source: "import './nothing-of-the-kind.js';" },
    lawful: { path: 'runtime/a.ts', source: "import './errors.js';" },
  },
];

const FILES = projectFiles();
/** Built and not committed: runtime/admin/page/vite.config.mts. */
const BUILT = 'runtime/admin/page-assets.ts';
const EXISTING = new Set([...FILES, BUILT]);
const SOURCES = FILES.filter((path) => path.endsWith('.ts') && !/^test\/(golden|fixtures)\//.test(path));

/** Every rule looks at the same files, each of which is parsed once. */
const parsed = new Map<string, Import[]>();
function importsIn(path: string): Import[] {
  const edges = parsed.get(path) ?? importsOf(path, readFileSync(join(PROJECT, path), 'utf8'));
  parsed.set(path, edges);
  return edges;
}

function breaches(rule: Rule, path: string, imports: readonly Import[]): string[] {
  if (!rule.of(path)) return [];
  const edges = imports.filter((edge) => rule.forbids(edge, path));
  return edges.map((edge) => `${path}:${edge.line} imports ${edge.specifier}`);
}

for (const rule of RULES) {
  test(rule.says, () => {
    const subjects = SOURCES.filter(rule.of);
    assert.ok(subjects.length > 0, 'the rule is about no file at all');
    const found = subjects.flatMap((path) => breaches(rule, path, importsIn(path)));
    assert.equal(found, []);
  });

  test(`a violation is found, and the permitted form beside it is not: ${rule.says}`, () => {
    const within = ({ path, source }: Rule['breach']) => breaches(rule, path, importsOf(path, source));
    assert.is(within(rule.breach).length, 1);
    assert.equal(within(rule.lawful), []);
  });
}

test('loading the runtime loads no package of the SDK', () => {
  const loaded = new Set<string>();
  const packages: string[] = [];
  const load = (path: string): void => {
    if (loaded.has(path) || !EXISTING.has(path)) return;
    loaded.add(path);
    for (const edge of importsIn(path)) {
      if (!edge.atLoad || edge.typeOnly) continue;
      if (SDK.test(edge.specifier)) packages.push(`${path} ${edge.specifier}`);
      if (edge.target) load(edge.target);
    }
  };
  load('runtime/emitted.ts');
  assert.ok(loaded.size > 1, 'runtime/emitted.ts imports nothing');
  assert.ok(loaded.has(SDK_HOME), `${SDK_HOME} is not among what is loaded, so this test sees none of its imports`);
  assert.equal(packages, []);
});

test.run();
