// The sample breakfix-pipeline with nothing but itself: PGlite as its store, its own receiver, its traces printed as trees.
// limit: 240 s

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Run, runPipeline } from './breakfix-pipeline-run.js';

let done: Run;
test.before(async () => {
  done = await runPipeline(['restarts', 'backfill'], {});
});

/** What is printed of a scenario. */
function section(scenario: string): string {
  const from = done.output.indexOf(`-- ${scenario}:`);
  assert.ok(from >= 0, done.output);
  const to = done.output.indexOf('\n-- ', from + 1);
  return done.output.slice(from, to < 0 ? undefined : to);
}

test('it ends by itself with 0 and leaves no process behind', () => {
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

test('a scenario that is not one is refused with the list of those that are', async () => {
  const { code, output } = await runPipeline(['unheard-of'], {});
  assert.is(code, 2);
  assert.match(output, /no scenario "unheard-of"\. Scenarios: healthy, repeated/);
});

test.run();
