// Why was a node not remediated? Reads the trace of its event in the order in which the event travels: was the node quarantined, is it
// still being drained, was the remediation skipped, did the reboot fail, did anything else.

import { type Finding, none } from './finding.js';
import type { Span, Trace } from './jaeger.js';
import { childrenOf, text } from './tree.js';

type Question = (trace: Trace) => Finding | undefined;

const tag = (span: Span, key: string): string => String(span.tags.get(key) ?? '');
const named = (trace: Trace, name: string): Span[] => trace.spans.filter((span) => span.name === name);

const wasRemediated: Question = (trace) => {
  const done = named(trace, 'fault_remediation.remediation_status_updated').at(-1);
  if (done === undefined || tag(done, 'health_event_status.fault_remediated') !== 'true') return undefined;
  return none(`The node was remediated, ${text(done.end - (trace.spans[0] as Span).start)} after the fault was reported.`);
};

const wasNotQuarantined: Question = (trace) => {
  const found = named(trace, 'fault_quarantine.evaluate_rulesets').at(-1);
  const verdict = found && tag(found, 'fault_quarantine.verdict');
  if (verdict === undefined || verdict === 'quarantine') return undefined;
  const evidence = [`fault_quarantine.verdict = ${verdict}`];
  if (verdict === 'uncordon') return none('The event says that the node is healthy.', evidence);
  return { cause: 'not_quarantined', subject: { module: 'fault-quarantine' }, says: 'No rule asks for a quarantine.', evidence };
};

/** A tripped breaker halts an event until a restart; an event that was worked on later is no longer halted. */
const wasHalted: Question = (trace) => {
  const last = named(trace, 'fault_quarantine.process_event').at(-1);
  if (last?.tags.get('fault_quarantine.circuit_breaker.tripped') !== true) return undefined;
  return {
    cause: 'halted',
    subject: { module: 'fault-quarantine', span: last.name },
    says: 'The circuit breaker of fault-quarantine has tripped: no event is worked on until someone restarts it.',
    evidence: ['fault_quarantine.circuit_breaker.tripped = true'],
  };
};

const wasCancelled: Question = (trace) => {
  const [cancelled] = named(trace, 'fault_quarantine.cancel_latest_quarantining_events');
  if (cancelled === undefined) return undefined;
  const reason = tag(cancelled, 'fault_quarantine.cancel.reason');
  return {
    cause: 'cancelled',
    subject: { module: 'fault-quarantine', span: cancelled.name, reason },
    says: `The event was cancelled: ${reason}.`,
    evidence: [`fault_quarantine.cancel.reason = ${reason}`],
  };
};

/** A session is seen by its marker before it ends; a session that was interrupted continues in a later one. */
const isStillDrained: Question = (trace) => {
  const begun = named(trace, 'node_drainer.drain_session started').at(-1);
  if (begun === undefined) return undefined;
  const session = named(trace, 'node_drainer.drain_session').at(-1);
  const isOpen = session === undefined || session.spanId !== begun.parentId;
  if (!isOpen && tag(session, 'spanwright.session.end') === 'ended') return undefined;
  const passes = trace.spans.filter(({ parentId, name }) => parentId === begun.parentId && name === 'node_drainer.process_event');
  const last = passes.at(-1);
  const remaining = JSON.parse((last && tag(last, 'node_drainer.pods.remaining')) || '[]') as string[];
  const how = isOpen ? 'is open' : `ended by ${tag(session, 'spanwright.session.end')}`;
  return {
    cause: 'still_draining',
    subject: { module: 'node-drainer', span: 'node_drainer.drain_session', waitedFor: remaining },
    says: `The node is still being drained; what remains is ${remaining.join(', ') || 'not known'}.`,
    evidence: [`node_drainer.drain_session ${how}, after ${passes.length} passes`],
  };
};

const wasSkipped: Question = (trace) => {
  const [skip] = named(trace, 'fault_remediation.skip_event');
  if (skip === undefined) return undefined;
  const reason = tag(skip, 'fault_remediation.skip.reason');
  const action = trace.spans.map((span) => tag(span, 'health_event.recommended_action')).find((value) => value !== '');
  return {
    cause: 'skipped',
    subject: { module: 'fault-remediation', span: skip.name, reason },
    says: `fault-remediation skipped the event: ${reason}.`,
    evidence: [`fault_remediation.skip.reason = ${reason}`, `health_event.recommended_action = ${action}`],
  };
};

const didActionFail: Question = (trace) => {
  const span = trace.spans.find((one) => one.tags.has('janitor.error.type'));
  if (span === undefined) return undefined;
  const found = failure('action_failed', span, 'janitor.error.type', 'janitor.error.message');
  const resetFailed = trace.spans.some(({ tags }) => tags.get('janitor.reset_job.failed') === true);
  return { ...found, evidence: [...(resetFailed ? ['janitor.reset_job.failed = true'] : []), ...found.evidence] };
};

/**
 * The span in which the failure started: the lowest failed one with a reason, else the lowest failed one. The last of these,
 * because earlier attempts were retried. A failed call below it is evidence.
 */
const didAnythingFail: Question = (trace) => {
  const failed = trace.spans.filter((one) => one.failed);
  const told = failed.filter(({ tags }) => tags.has('error.message'));
  const span = lowest(trace, told).at(-1) ?? lowest(trace, failed).at(-1);
  if (span === undefined) return undefined;
  const found = failure('failed', span, 'error.type', 'error.message');
  const calls = childrenOf(trace, span).filter((one) => one.failed);
  return { ...found, evidence: [...found.evidence, ...calls.map(describeCall)] };
};

/** The given spans that have no child among the given spans. */
function lowest(trace: Trace, spans: readonly Span[]): Span[] {
  return spans.filter((one) => !childrenOf(trace, one).some((child) => spans.includes(child)));
}

function describeCall(span: Span): string {
  const status = tag(span, 'http.response.status_code');
  return `${span.name} ${tag(span, 'url.full')}${status && `: ${status}`}`;
}

function failure(cause: string, span: Span, typeKey: string, messageKey: string): Finding {
  const message = tag(span, messageKey) || tag(span, 'otel.status_description');
  return {
    cause,
    subject: { module: span.service, span: span.name, errorType: tag(span, typeKey) },
    says: `${span.name} failed: ${message}.`,
    evidence: [`${typeKey} = ${tag(span, typeKey)}`, `trace ${span.traceId}, span ${span.spanId}`],
  };
}

const QUESTIONS: readonly Question[] = [
  wasRemediated,
  wasHalted,
  wasNotQuarantined,
  wasCancelled,
  isStillDrained,
  wasSkipped,
  didActionFail,
  didAnythingFail,
];

export function investigateNotRemediated(trace: Trace): Finding {
  for (const question of QUESTIONS) {
    const answer = question(trace);
    if (answer !== undefined) return answer;
  }
  const last = trace.spans.at(-1) as Span;
  return none(`Nothing failed and nothing was skipped; the last thing seen is ${last.name} of ${last.service}.`);
}
