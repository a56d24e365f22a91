// The sample breakfix-pipeline with nothing but itself: PGlite as its store, its own receiver, its traces printed as trees.
// limit: 240 s

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PIPELINE, type Run, runPipeline } from './breakfix-pipeline-run.js';

let done: Run;
test.before(async () => {
  done = await runPipeline(['restarts', 'backfill'], {}, ['--enable-source-maps']);
});

/** Printed lines of a scenario. */
function section(scenario: string): string {
  const from = done.output.indexOf(`-- ${scenario}:`);
  assert.ok(from >= 0, done.output);
  const to = done.output.indexOf('\n-- ', from + 1);
  return done.output.slice(from, to < 0 ? undefined : to);
}

test('the run exits with 0 and leaves no process behind', () => {
  assert.is(done.code, 0, done.output);
  assert.is(done.leftBehind, false);
  assert.match(done.output, /^All as it must be: \d+ spans arrived, in /m);
  assert.equal(
    done.rows.map(({ scenario, remediated }) => `${scenario} ${remediated}`),
    ['restarts true', 'backfill true'],
  );
});

test('each trace is printed, with all eight modules in it', () => {
  for (const { scenario, traceId } of done.rows) {
    assert.match(section(scenario), new RegExp(`trace ${traceId}, \\d+ spans of 8 modules`));
  }
});

test('the tree of a drain over a restart has both sessions, with the marker of each', () => {
  const text = section('restarts');
  assert.is(text.match(/^node-drainer: node_drainer\.drain_session .*spanwright\.session\.end=shutdown$/gm)?.length, 1, text);
  assert.is(text.match(/^node-drainer: node_drainer\.drain_session .*spanwright\.session\.end=ended$/gm)?.length, 1, text);
  assert.is(text.match(/node_drainer\.drain_session started/g)?.length, 2, text);
});

test('the tree of a drain without a restart has one', () => {
  assert.is(section('backfill').match(/^node-drainer: node_drainer\.drain_session /gm)?.length, 1);
  assert.not.match(section('backfill'), /shutdown/);
});

/** Parents and children of a printed tree: `module: span > module: span`. */
function paths(tree: string): string[] {
  const above: string[] = [];
  const found = new Set<string>();
  for (const line of tree.split('\n')) {
    const match = /^([│├└─ ]*)([a-z-]+: (?:HTTP )?\S+(?: started)?) {2}/.exec(line);
    if (match === null) continue;
    above.length = (match[1] as string).length / 3;
    above.push(match[2] as string);
    found.add(above.join(' > '));
  }
  return [...found].sort();
}

test('the README shows the tree that is printed', () => {
  const readme = readFileSync(join(PIPELINE, 'README.md'), 'utf8');
  const shown = paths(/```text\n-- healthy:[\s\S]*?```/.exec(readme)?.[0] ?? '');
  assert.ok(shown.length > 30, String(shown.length));
  assert.equal(paths(section('backfill')), shown);
});

test('the README names every scenario, and every setting that the sample reads', () => {
  const readme = readFileSync(join(PIPELINE, 'README.md'), 'utf8');
  const source = readdirSync(join(PIPELINE, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(PIPELINE, 'src', path), 'utf8'))
    .join('\n');
  const settings = [...source.matchAll(/(?:process\.env\.|setting\(')([A-Z_]+)/g)].map(([, name]) => name as string);
  const scenarios = [...source.matchAll(/^ {2}'?([a-z-]+)'?: \{\n {4}node: /gm)].map(([, name]) => name as string);
  assert.ok(settings.length > 10 && scenarios.length > 5, `${settings} ${scenarios}`);
  for (const name of [...settings, ...scenarios]) assert.ok(readme.includes(`\`${name}`), `${name} is not in the README`);
});

test('with tracing disabled the pipeline does the same, and writes no ids, neither into documents and exports nor into its log', async () => {
  const { code, output, rows, log } = await runPipeline(['healthy'], {
    OTEL_SDK_DISABLED: 'true',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4317',
  });
  assert.is(code, 0, output);
  assert.equal(rows, [{ scenario: 'healthy', node: 'gpu-node-1', quarantine: 'Quarantined', remediated: 'true', traceId: '' }]);
  assert.ok(log.some(({ msg }) => msg === 'node remediated'));
  assert.equal(
    log.filter(({ trace_id, span_id }) => trace_id !== undefined || span_id !== undefined),
    [],
  );
});

test('a scenario that is not one is refused with the list of those that are', async () => {
  const { code, output } = await runPipeline(['unheard-of'], {});
  assert.is(code, 2);
  assert.match(output, /no scenario "unheard-of"\. Scenarios: healthy, repeated/);
});

test.run();
