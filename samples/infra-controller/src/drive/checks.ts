// Checks of a phase. Each returns the faults that it found, so that a failed run ends with its
// reasons and an exit code, not with a tree that looks right.

import { groupTraces, type ReceivedSpan } from '@spanwright/viewer';
import type { PhaseResult } from './phase.js';
import { LOOKUPS, WORKLOAD } from './workload.js';

export function checkPhase(phase: PhaseResult): string[] {
  const faults = [...phase.faults];
  const expect = (holds: boolean, otherwise: string): void => {
    if (!holds) faults.push(otherwise);
  };
  expect(phase.polls > 0, 'the polling loop did not run');
  expect(
    phase.open.before === 0 && phase.open.after === 0,
    `open spans: ${phase.open.before} before, ${phase.open.after} after; both must be 0`,
  );
  if (phase.enabled) {
    expect(phase.open.during > 0, 'no span was ever seen open');
    expect(phase.started > 0, 'no span was started');
    expect(phase.exported === phase.started, `${phase.started} spans were started, ${phase.exported} sent`);
    if (phase.received) faults.push(...checkSpans(phase.received, phase.started));
  } else {
    expect(phase.started === 0 && phase.open.during === 0, `${phase.started} spans were started although tracing was off`);
    expect((phase.received?.length ?? 0) === 0, `${phase.received?.length} spans arrived although tracing was off`);
  }
  if (phase.receivedOfDns) faults.push(...checkDns(phase.receivedOfDns));
  return faults.map((fault) => `${phase.name}: ${fault}`);
}

function checkSpans(spans: readonly ReceivedSpan[], started: number): string[] {
  const faults: string[] = [];
  const traces = groupTraces(spans);
  if (spans.length !== started) faults.push(`${started} spans were started, ${spans.length} arrived`);
  // the DNS service asks the controller for each name
  const requests = WORKLOAD.length + LOOKUPS.length;
  if (traces.length !== requests) faults.push(`${traces.length} traces for ${requests} requests`);
  for (const trace of traces) {
    const roots = trace.filter((span) => span.parentSpanId === '');
    if (roots.length !== 1 || roots[0]?.name !== 'request') {
      faults.push(`a trace whose roots are ${roots.map((span) => span.name).join(', ') || 'none'}, not one request`);
    }
  }
  const leaked = spans.filter((span) => String(span.attributes['code.namespace']).startsWith('runtime'));
  if (leaked.length > 0) faults.push(`${leaked.length} spans of the runtime, which must be dropped`);
  const explained = spans.filter(
    (span) => span.status.code === 'error' && span.events.some((event) => event.name === 'exception'),
  );
  const refused = WORKLOAD.filter((step) => step.status >= 500).length;
  if (explained.length !== refused) faults.push(`${explained.length} spans have an error message, not ${refused}`);
  return faults;
}

/** Always on: one trace a query in every phase, independent of the controller's switch. */
function checkDns(spans: readonly ReceivedSpan[]): string[] {
  const traces = groupTraces(spans).map((trace) => trace.map(({ name }) => name).join(' > '));
  const expected = LOOKUPS.map(() => 'dns_request > retrieve_records');
  return traces.join() === expected.join() ? [] : [`the traces of the DNS service are ${traces.join(', ') || 'none'}`];
}
