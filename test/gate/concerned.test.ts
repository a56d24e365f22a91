// Calls while tracing is in use elsewhere: a lease on one namespace, roots of another, and the traces that pass through both.

import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import { instrument, startTracing, type Tracing } from '../../runtime/index.js';
import { expectSpans } from '../expected-spans.js';

let exporter: InMemorySpanExporter;
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

const REMOTE = '(remote b7ad6b7169203331)';

async function expectRecorded(work: () => unknown, ...script: readonly string[]): Promise<void> {
  exporter.reset();
  work();
  await tracing.forceFlush();
  expectSpans(exporter.getFinishedSpans(), ...script);
}

test.before.each(async () => {
  exporter = new InMemorySpanExporter();
  tracing = await startTracing({ serviceName: 's', exporter });
});
test.after.each(() => tracing.shutdown());

test('a lease on one namespace starts no trace in another, and records it below its own', async () => {
  tracing.setEnabled(true, { for: '1m', only: 'looked' });
  await expectRecorded(beside);
  await expectRecorded(() => looked(beside), 'looked', '  beside');
  await expectRecorded(() => context.with(remote(1), beside), REMOTE, '  beside');
  await expectRecorded(() => context.with(remote(0), () => looked(beside)));
});

test('roots by kind start traces in every namespace, and a change of roots holds for the next call', async () => {
  tracing.setEnabled(true, { for: '1m', only: 'kind:server' });
  await expectRecorded(() => [beside(), server()], 'server | server');
  const lease = tracing.setEnabled(true, { for: '1m', only: 'beside' });
  await expectRecorded(() => [beside(), looked()], 'beside');
  tracing.endLease(lease.id);
  await expectRecorded(beside);
});

test('contexts that alternate between kept and unkept traces each keep their own decision', async () => {
  tracing.setEnabled(true, { for: '1m' });
  const [kept, unkept] = [remote(1), remote(0)];
  const alternate = (): void => {
    for (let round = 0; round < 3; round++) {
      context.with(unkept, beside);
      context.with(kept, looked);
    }
  };
  await expectRecorded(alternate, REMOTE, '  looked', '  looked', '  looked');
});

test.run();
