// Forty programs through Spanwright and through the SDK alone, of lines 2 and 3, into one Collector: what arrives differs as
// docs/differences.md lists it, and in nothing else. A missing part is a printed skip, on a build server a failure.
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
import { CONVENTIONS, LiveCheck } from './support/live-check.js';
import { OTELCOL, OtelCollector } from './support/otel-collector.js';
import { flatten } from './support/otlp-json.js';
import { CACHE, findPart, until } from './support/program.js';

interface Line {
  readonly name: 'SDK 2.12' | 'SDK 3.1';
  readonly node: string;
  readonly preload: readonly string[];
}

const LINES: readonly Line[] = [
  { name: 'SDK 2.12', node: process.execPath, preload: [] },
  {
    name: 'SDK 3.1',
    node: join(CACHE, 'node24/node_modules/.bin/node'),
    preload: ['--require', join(__dirname, 'conformance/line3.cjs')],
  },
];
const isMissing = ['sdk3/node_modules', 'node24/node_modules/.bin/node'].some((path) => findPart(path) === undefined);

const test = suite('conformance');
const all = OTELCOL === undefined || isMissing ? test.skip : test;

const conventions = CONVENTIONS === undefined ? test.skip : all;

type Row = Record<keyof Difference | 'line', string>;
type Side = 'sdk' | 'spanwright';

const executeFile = promisify(execFile);
/** By program, of each side and line. */
const spans = new Map<string, Map<string, Arrived[]>>();
const of = (line: Line, side: Side): Map<string, Arrived[]> => spans.get(`${line.name} ${side}`) as Map<string, Arrived[]>;
const found = new Map<Line, readonly Difference[]>();

/** Rows of the tables in the docs: of both lines, and of one line below its heading. */
function listed(): Row[] {
  const sections = readFileSync(join(PROJECT, 'docs/differences.md'), 'utf8').split('\n## ');
  return sections.flatMap((section) => {
    const line = LINES.find(({ name }) => section.startsWith(`Only ${name}`))?.name ?? '*';
    const rows = section.split('\n').filter((text) => text.startsWith('| `'));
    return rows.map((text) => {
      const [program = '', field = '', sdk = '', spanwright = ''] = text.replace(/^\| /, '').split(' | ');
      return { line: `\`${line}\``, program, field, sdk, spanwright };
    });
  });
}

/** Text between backticks is compared, with `*` for any text; other text is for readers. */
function holds(cell: string, value: string): boolean {
  const [, exact] = /^`(.*)`$/.exec(cell) ?? [];
  if (exact === undefined) return true;
  const parts = exact.split('*').map((part) => part.replace(/[.[\](){}+?^$\\|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(value);
}

function explains(row: Row, line: Line, difference: Difference): boolean {
  const all = { line: line.name, ...difference };
  return (Object.keys(row) as (keyof Row)[]).every((key) => holds(row[key], all[key]));
}

/** Runs the programs of one side and returns the program of each span that started. */
async function execute(line: Line, side: Side, endpoint: string): Promise<Record<string, string>> {
  const owners: Record<string, string> = {};
  for (const env of new Set(PROGRAMS.map((program) => program.env))) {
    const names = PROGRAMS.filter((program) => program.env === env).map(({ name }) => name);
    const args = [...line.preload, '--require', 'tsx/cjs', join(__dirname, 'conformance', 'side.ts'), side, ...names];
    const { stdout } = await executeFile(line.node, args, {
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

const receivedOf = ({ span, scope, resource }: Arrived) =>
  flatten({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [span] }] }] });

/** Given by a program to a member of baggage that the SDK does not read (docs/differences.md). */
const ONLY_HERE = 'read.empty';

/** Names that a program itself gives to attributes and events. */
const namesIn = (arrived: Arrived): string[] =>
  receivedOf(arrived).flatMap(({ attributes, events, links }) => [
    ...Object.keys(attributes),
    ...events.flatMap((event) => [event.name, ...Object.keys(event.attributes)]),
    ...links.flatMap((link) => Object.keys(link.attributes)),
  ]);

test.before(async () => {
  if (all === test.skip) return;
  const collector = await OtelCollector.start();
  try {
    for (const line of LINES)
      for (const side of ['sdk', 'spanwright'] as const) {
        const programs = new Map<string, Arrived[]>();
        spans.set(`${line.name} ${side}`, programs);
        const before = arrivedIn(collector.requests()).length;
        const owners = await execute(line, side, collector.url);
        const count = Object.keys(owners).length;
        await until(
          () => arrivedIn(collector.requests()).length >= before + count,
          `${count} spans of ${side}, ${line.name}, are in the file`,
        );
        for (const one of arrivedIn(collector.requests()).slice(before)) {
          const program = owners[one.span.traceId + one.span.spanId] ?? 'none';
          programs.set(program, [...(programs.get(program) ?? []), one]);
        }
      }
  } finally {
    await collector.remove();
  }
  for (const line of LINES) {
    const [sdk, spanwright] = [of(line, 'sdk'), of(line, 'spanwright')];
    found.set(line, [
      ...resourceDifferences([...sdk.values()].flat(), [...spanwright.values()].flat()),
      ...PROGRAMS.flatMap(({ name }) => differencesOf(name, sdk.get(name) ?? [], spanwright.get(name) ?? [])),
    ]);
  }
});

all('each line ran with its own SDK', () => {
  const versions = LINES.map((line) => {
    const { attributes } = of(line, 'sdk').get('kinds')?.[0]?.resource ?? {};
    return attributes.find(({ key }: { key: string }) => key === 'telemetry.sdk.version').value.stringValue;
  });
  assert.equal(
    versions.map((version) => `SDK ${version.split('.', 2).join('.')}`),
    LINES.map(({ name }) => name),
  );
});

all('forty programs ran, and each produced its spans on both sides', () => {
  assert.is(new Set(PROGRAMS.map(({ name }) => name)).size, 40);
  const silent = ['an unsampled remote parent', 'suppressed tracing'];
  for (const line of LINES)
    for (const side of ['sdk', 'spanwright'] as const) {
      const names = [...of(line, side).keys()];
      assert.equal(
        PROGRAMS.map(({ name }) => name).filter((name) => !names.includes(name)),
        silent,
      );
      assert.not.ok(names.includes('none'), 'a span of no program arrived');
    }
});

all('every difference found is in docs/differences.md', () => {
  const rows = listed();
  const unlisted = LINES.flatMap((line) =>
    (found.get(line) ?? [])
      .filter((difference) => !rows.some((row) => explains(row, line, difference)))
      .map((difference) => [line.name, ...Object.values(difference)].join(' | ')),
  );
  assert.equal(unlisted, []);
});

all('every difference in docs/differences.md was found with each line that it is listed for', () => {
  const rows = listed();
  assert.ok(rows.length > 20);
  const gone = LINES.flatMap((line) =>
    rows
      .filter((row) => holds(row.line, line.name) && !found.get(line)?.some((difference) => explains(row, line, difference)))
      .map((row) => [line.name, ...Object.values(row)].join(' | ')),
  );
  assert.equal(gone, []);
});

conventions('what Spanwright adds to the forty programs is of the conventions or of its registry, in name and type', () => {
  const check = new LiveCheck();
  for (const line of LINES)
    for (const [program, arrived] of of(line, 'spanwright')) {
      const names = new Set([...(of(line, 'sdk').get(program) ?? []).flatMap(namesIn).map(String), ONLY_HERE]); // an empty name is absent in OTLP
      const findings = check.spans(arrived.flatMap(receivedOf));
      assert.equal(
        findings.filter((finding) => !finding.endsWith(': unknown') || !names.has(finding.split(/: | /)[1] ?? '')),
        [],
        `${line.name}, ${program}`,
      );
    }
});

all('the comparison sees a changed value, a span too many, and a field that one side lacks', () => {
  const some = of(LINES[0] as Line, 'sdk').get('kinds') ?? [];
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
