// Forty programs through Spanwright and through the SDK alone, into one Collector: what arrives differs as docs/differences.md lists it,
// and in nothing else. A missing Collector is a printed skip, on a build server a failure.
// limit: 120 s

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PROJECT } from '../house/sources.js';
import { type Arrived, arrivedIn, type Difference, differencesOf, resourceDifferences } from './conformance/compare.js';
import { PROGRAMS } from './conformance/programs.js';
import { OTELCOL, OtelCollector } from './support/otel-collector.js';
import { until } from './support/program.js';

const test = suite('conformance');
const all = OTELCOL === undefined ? test.skip : test;

type Row = Record<keyof Difference, string>;
type Side = 'sdk' | 'spanwright';

const executeFile = promisify(execFile);
const spans: Record<Side, Map<string, Arrived[]>> = { sdk: new Map(), spanwright: new Map() };
let found: readonly Difference[] = [];

/** Rows of the table in the docs. */
function listed(): Row[] {
  const lines = readFileSync(join(PROJECT, 'docs/differences.md'), 'utf8').split('\n');
  const rows = lines.filter((line) => line.startsWith('| `')).map((line) => line.split(' | '));
  return rows.map(([program = '', field = '', sdk = '', spanwright = '']) => ({
    program: program.replace(/^\| /, ''),
    field,
    sdk,
    spanwright,
  }));
}

/** Text between backticks is compared, with `*` for any text; other text is for readers. */
function holds(cell: string, value: string): boolean {
  const [, exact] = /^`(.*)`$/.exec(cell) ?? [];
  if (exact === undefined) return true;
  const parts = exact.split('*').map((part) => part.replace(/[.[\](){}+?^$\\|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(value);
}

const explains = (row: Row, difference: Difference): boolean =>
  (Object.keys(row) as (keyof Row)[]).every((key) => holds(row[key], difference[key]));

/** Runs the programs of one side and returns the program of each span that started. */
async function execute(side: Side, endpoint: string): Promise<Record<string, string>> {
  const owners: Record<string, string> = {};
  for (const env of new Set(PROGRAMS.map((program) => program.env))) {
    const names = PROGRAMS.filter((program) => program.env === env).map(({ name }) => name);
    const args = ['--import', 'tsx', join(__dirname, 'conformance', 'side.ts'), side, ...names];
    const { stdout } = await executeFile(process.execPath, args, {
      cwd: PROJECT,
      env: {
        ...process.env,
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_SERVICE_NAME: 'conformance',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
        ...env,
      },
    });
    Object.assign(owners, JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  }
  return owners;
}

test.before(async () => {
  if (OTELCOL === undefined) return;
  const collector = await OtelCollector.start();
  try {
    for (const side of ['sdk', 'spanwright'] as const) {
      const before = arrivedIn(collector.requests()).length;
      const owners = await execute(side, collector.url);
      const count = Object.keys(owners).length;
      await until(() => arrivedIn(collector.requests()).length >= before + count, `${count} spans of ${side} are in the file`);
      for (const one of arrivedIn(collector.requests()).slice(before)) {
        const program = owners[one.span.traceId + one.span.spanId] ?? 'none';
        spans[side].set(program, [...(spans[side].get(program) ?? []), one]);
      }
    }
  } finally {
    await collector.remove();
  }
  const of = (side: Side, program: string): Arrived[] => spans[side].get(program) ?? [];
  found = [
    ...resourceDifferences([...spans.sdk.values()].flat(), [...spans.spanwright.values()].flat()),
    ...PROGRAMS.flatMap(({ name }) => differencesOf(name, of('sdk', name), of('spanwright', name))),
  ];
});

all('forty programs ran, and each produced its spans on both sides', () => {
  assert.is(new Set(PROGRAMS.map(({ name }) => name)).size, 40);
  const silent = ['an unsampled remote parent', 'suppressed tracing'];
  for (const side of ['sdk', 'spanwright'] as const) {
    const names = [...spans[side].keys()];
    assert.equal(
      PROGRAMS.map(({ name }) => name).filter((name) => !names.includes(name)),
      silent,
    );
    assert.not.ok(names.includes('none'), 'a span of no program arrived');
  }
});

all('every difference found is in docs/differences.md', () => {
  const rows = listed();
  const unlisted = found.filter((difference) => !rows.some((row) => explains(row, difference)));
  assert.equal(
    unlisted.map((one) => Object.values(one).join(' | ')),
    [],
  );
});

all('every difference in docs/differences.md was found', () => {
  const rows = listed();
  assert.ok(rows.length > 20);
  const gone = rows.filter((row) => !found.some((difference) => explains(row, difference)));
  assert.equal(gone, []);
});

all('the comparison sees a changed value, a span too many, and a field that one side lacks', () => {
  const some = spans.sdk.get('kinds') ?? [];
  const changed = some.map((one, at) => (at === 0 ? { ...one, span: { ...one.span, kind: 9, extra: 1 } } : one));
  assert.equal(differencesOf('kinds', some, some), []);
  assert.equal(
    differencesOf('kinds', some, changed).map(({ field, sdk, spanwright }) => [field, sdk, spanwright]),
    [
      ['span "kind INTERNAL".kind', '1', '9'],
      ['span "kind INTERNAL".extra', 'absent', '1'],
    ],
  );
  assert.ok(differencesOf('kinds', some, some.slice(1)).length > 3);
});

test.run();
