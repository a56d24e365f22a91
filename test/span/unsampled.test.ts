// Under a parent that is not sampled nothing is recorded, and the cached answer is used for no other parent.

import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import { instrument, startTracing, type Tracing, withRemoteContext } from '../../runtime/index.js';
import { expectSpans } from '../expected-spans.js';

console.warn = () => {};
const leaf = instrument({ name: 'leaf' }, (value: number) => value + 1);
const root = instrument({ name: 'root', root: true }, (work: () => unknown) => work());
const placed = instrument(
  { name: 'placed', parent: (carrier: { traceparent?: string }) => carrier },
  (_: { traceparent?: string }) => leaf(1),
);
const carrier = (number: number, flags: string) => ({
  traceparent: `00-0af7651916cd43dd8448eb211c8031${number}-b7ad6b7169203331-${flags}`,
});

let exporter: InMemorySpanExporter;
async function started(remoteParent: 'accept' | 'ignore' = 'accept'): Promise<Tracing> {
  exporter = new InMemorySpanExporter();
  return startTracing({ exporter: exporter as never, enabled: true, remoteParent });
}
async function expectRecorded(tracing: Tracing, ...script: readonly string[]): Promise<void> {
  await tracing.forceFlush();
  expectSpans(exporter.getFinishedSpans(), ...script);
  exporter.reset();
}

test('calls under an unsampled parent are not recorded, and calls between them under a sampled parent or none are', async () => {
  const tracing = await started();
  for (let round = 0; round < 3; round++) {
    withRemoteContext(carrier(10, '00'), () => [leaf(1), leaf(2)]);
    await expectRecorded(tracing);
    withRemoteContext(carrier(11, '01'), () => leaf(1));
    await expectRecorded(tracing, '(remote b7ad6b7169203331)', '  leaf');
    leaf(1);
    await expectRecorded(tracing, 'leaf');
  }
  await tracing.shutdown();
});

test('a call with `root`, or with a sampled `parent`, is recorded below an unsampled span', async () => {
  const tracing = await started();
  withRemoteContext(carrier(10, '00'), () => {
    leaf(1);
    root(() => leaf(1));
    placed(carrier(12, '01'));
    placed(carrier(13, '00'));
    placed({});
    leaf(1);
  });
  await expectRecorded(tracing, 'root | link b7ad6b7169203331', '  leaf', '(remote b7ad6b7169203331)', '  placed', '    leaf');
  await tracing.shutdown();
});

test('where remote parents are ignored an unsampled one does not keep a trace from starting', async () => {
  const first = await started();
  withRemoteContext(carrier(10, '00'), () => [leaf(1), leaf(1)]);
  await expectRecorded(first);
  await first.shutdown();
  const second = await started('ignore');
  withRemoteContext(carrier(10, '00'), () => [leaf(1), leaf(1)]);
  await expectRecorded(second, '(remote b7ad6b7169203331)', '  leaf', '  leaf');
  await second.shutdown();
});

test.run();
