// Two copies of the package in one process: each recognises the spans, layers and traces of the other.

import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expectSpans } from '../expected-spans.js';

type Runtime = typeof import('../../runtime/index.js');

/** Loads the runtime as a package that nothing has loaded before. */
function loadCopy(): Runtime {
  for (const file of Object.keys(require.cache)) if (/[\\/]runtime[\\/]/u.test(file)) delete require.cache[file];
  return require('../../runtime/index.js') as Runtime;
}

test('records the exception of one error once, however many copies it passes, in one trace', async () => {
  const [a, b] = [loadCopy(), loadCopy()];
  assert.is.not(a.instrument, b.instrument);
  const exporter = new InMemorySpanExporter();
  const tracing = await a.startTracing({ exporter: exporter as never, enabled: true });
  const leaf = a.instrument({ namespace: 'a', name: 'leaf' }, () => {
    throw new Error('once');
  });
  const mid = b.instrument({ namespace: 'b', name: 'mid' }, () => leaf());
  const root = a.instrument({ namespace: 'a', name: 'root' }, () => mid());
  assert.throws(root, /once/);
  await tracing.forceFlush();
  const spans = exporter.getFinishedSpans();
  const failed = 'error.type="Error" | error "once"';
  expectSpans(spans, `root | ${failed}`, `  mid | ${failed}`, `    leaf | ${failed} | event exception`);
  await tracing.shutdown();
});

test('knows the errors of another copy by instanceof, and nothing else', async () => {
  const [a, b] = [loadCopy(), loadCopy()];
  const tracing = await a.startTracing({ exporter: new InMemorySpanExporter() as never });
  const again = await b.startTracing().catch((error: unknown) => error);
  assert.instance(again, a.SpanwrightError);
  assert.instance(again, b.SpanwrightError);
  assert.not.instance(again, a.InvalidArgumentError);
  let invalid: unknown;
  try {
    tracing.setEnabled(true, { for: 'ever' });
  } catch (error) {
    invalid = error;
  }
  for (const copy of [a, b])
    for (const [type, is] of [
      [Error, true],
      [copy.SpanwrightError, true],
      [copy.InvalidArgumentError, true],
      [copy.PermissionDeniedError, false],
      [copy.ConfigurationError, false],
    ] as const)
      assert.is(invalid instanceof type, is, type.name);
  class OwnError extends a.SpanwrightError {}
  const own = new OwnError('MISUSE', 'mine');
  assert.instance(own, OwnError);
  assert.instance(own, b.SpanwrightError);
  for (const other of [invalid, new Error('plain'), { name: 'SpanwrightError' }, null, undefined, 1]) {
    assert.not.instance(other, OwnError);
    if (other !== invalid) assert.not.instance(other, a.SpanwrightError);
  }
  await tracing.shutdown();
});

test('the admin hook of one copy answers the refusal of another as 403', async () => {
  const a = loadCopy();
  const tracing = await a.startTracing({ exporter: new InMemorySpanExporter() as never, allowRuntimeChanges: false });
  loadCopy();
  const { createAdminHandler } = require('../../runtime/admin/index.js') as typeof import('../../runtime/admin/index.js');
  const headers = { authorization: 'Bearer the-token-for-changes', 'content-type': 'application/json' };
  const request = new Request('http://127.0.0.1/tracing/enabled', { method: 'PUT', headers, body: '{"enabled":true}' });
  const answer = await createAdminHandler(tracing, { token: 'the-token-for-changes' })(request);
  assert.is((answer as Response).status, 403);
  await tracing.shutdown();
});

test.run();
