// Calls beside tracing in use: a lease on one namespace, roots of another, and the traces that pass through both.

import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, startTracing, type Tracing } from '../../runtime/index.js';

const names: string[] = [];
const exporter = {
  export(spans: { name: string }[], done: (result: { code: number }) => void) {
    names.push(...spans.map(({ name }) => name));
    done({ code: 0 });
  },
  shutdown: async () => {},
};
let tracing: Tracing;

const beside = instrument({ namespace: 'beside', name: 'beside' }, () => 1);
const server = instrument({ namespace: 'beside', name: 'server', kind: 'server' }, () => 1);
const looked = instrument({ namespace: 'looked', name: 'looked' }, (inner?: () => unknown) => inner?.());
const remote = (traceFlags: number) =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags,
    isRemote: true,
  });

async function recorded(work: () => unknown): Promise<string[]> {
  names.length = 0;
  work();
  await tracing.forceFlush();
  return names.sort();
}

test.before.each(async () => {
  tracing = await startTracing({ serviceName: 's', exporter: exporter as never });
});
test.after.each(() => tracing.shutdown());

test('a lease on one namespace starts no trace in another, and records it below its own', async () => {
  tracing.setEnabled(true, { for: '1m', only: 'looked' });
  assert.equal(await recorded(beside), []);
  assert.equal(await recorded(() => looked(beside)), ['beside', 'looked']);
  assert.equal(await recorded(() => context.with(remote(1), beside)), ['beside'], 'a sampled caller');
  assert.equal(await recorded(() => context.with(remote(0), () => looked(beside))), [], 'a caller that does not sample');
});

test('roots by kind start traces in every namespace, and a change of roots holds for the next call', async () => {
  tracing.setEnabled(true, { for: '1m', only: 'kind:server' });
  assert.equal(await recorded(() => [beside(), server()]), ['server']);
  const lease = tracing.setEnabled(true, { for: '1m', only: 'beside' });
  assert.equal(await recorded(() => [beside(), looked()]), ['beside']);
  tracing.endLease(lease.id);
  assert.equal(await recorded(beside), []);
});

test('contexts that alternate between kept and unkept traces keep their own answer', async () => {
  tracing.setEnabled(true, { for: '1m' });
  const [kept, unkept] = [remote(1), remote(0)];
  const found = await recorded(() => {
    for (let round = 0; round < 3; round++) {
      context.with(unkept, beside);
      context.with(kept, looked);
    }
  });
  assert.equal(found, ['looked', 'looked', 'looked']);
});

test.run();
