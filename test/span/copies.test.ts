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

test.run();
