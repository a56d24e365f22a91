// Why was a remediation slow? Compares the time that each module took with what it takes for other events, opens the module that
// stands out, and looks where in it the time went: a call of the API, a query, or waiting, and then for what.

import { type Finding, none } from './finding.js';
import type { Span, Trace } from './jaeger.js';
import {
  beginningsOf,
  childrenOf,
  covered,
  descendantsOf,
  groupBy,
  isApi,
  isDatabase,
  median,
  slowest,
  text,
  took,
} from './tree.js';

/** A module stands out when it takes at least so many times its usual time, and so many milliseconds longer. */
const TIMES = 3;
const LONGER_MS = 2000;

/** The reasons for waiting that passes of a session record. */
const WAITING: readonly { attribute: string; waits(value: string): string[] }[] = [
  { attribute: 'node_drainer.pods.remaining', waits: (value) => JSON.parse(value) as string[] },
  { attribute: 'janitor.node_lock.acquired', waits: (value) => (value === 'false' ? ['the lock of the node'] : []) },
  { attribute: 'janitor.reboot.progress', waits: (value) => (value === 'waiting' ? ['the machine to come back'] : []) },
  { attribute: 'extrr.branch', waits: (value) => (value === 'wait' ? ['the external system'] : []) },
];

export function timeByModule(trace: Trace): Map<string, number> {
  const spans = groupBy(beginningsOf(trace), ({ service }) => service);
  return new Map([...spans].map(([service, of]) => [service, covered(of)]));
}

export function investigateSlow(trace: Trace, others: readonly Trace[]): Finding {
  const first = trace.spans[0] as Span;
  const total = Math.max(...trace.spans.map(({ end }) => end)) - first.start;
  const usual = others.map(timeByModule);
  const modules = [...timeByModule(trace)].map(([module, time]) => {
    const usually = median(usual.flatMap((times) => times.get(module) ?? []));
    return { module, time, usually };
  });
  const table = modules.map(
    ({ module, time, usually }) => `${module.padEnd(24)} ${text(time).padStart(8)}   usually ${text(usually)}`,
  );
  const [worst] = modules
    .filter(({ time, usually }) => time > TIMES * usually && time - usually > LONGER_MS)
    .sort((a, b) => b.time - b.usually - (a.time - a.usually));
  if (worst === undefined) return none(`No module took longer than usual, in ${text(total)} from detection to the end.`, table);

  const span = slowest(beginningsOf(trace).filter(({ service }) => service === worst.module)) as Span;
  const where = whereTimeWent(trace, span);
  return {
    ...where,
    subject: { module: worst.module, span: span.name, ...where.subject },
    says: `${worst.module} took ${text(worst.time)} of ${text(total)} (usually ${text(worst.usually)}): ${where.says}`,
    evidence: [...table, ...where.evidence],
  };
}

function whereTimeWent(trace: Trace, span: Span): Finding {
  const below = descendantsOf(trace, span);
  const [query, call] = [slowest(below.filter(isDatabase)), slowest(below.filter(isApi))];
  const evidence = [
    `slowest query: ${query === undefined ? 'none' : `${query.name}, ${text(took(query))}`}`,
    `slowest API call: ${call === undefined ? 'none' : `${describeCall(call)}, ${text(took(call))}`}`,
  ];
  for (const [cause, found] of [
    ['slow_query', query],
    ['slow_api_call', call],
  ] as const) {
    if (found === undefined || took(found) < took(span) / 2) continue;
    const what = cause === 'slow_query' ? String(found.tags.get('db.query.text')) : describeCall(found);
    return { cause, subject: { operation: found.name, what }, says: `${text(took(found))} of it was ${what}.`, evidence };
  }
  const passes = childrenOf(trace, span);
  const waited = took(span) - covered(passes);
  const waiting = passes.flatMap(({ tags }) =>
    WAITING.filter(({ attribute }) => tags.has(attribute)).map(({ attribute, waits }) => waits(String(tags.get(attribute)))),
  );
  // the last waiting pass names the cause of the whole wait
  const last = waiting.filter((for_) => for_.length > 0).at(-1);
  if (last !== undefined) {
    const says = `${span.name} waited ${text(waited)} between ${waiting.length} passes, at the end for ${last.join(', ')}.`;
    return { cause: 'waiting', subject: { waitedFor: last }, says, evidence };
  }
  return { cause: 'own_time', subject: {}, says: `most of it in ${span.name} itself.`, evidence };
}

function describeCall({ name, tags }: Span): string {
  return `${name} ${String(tags.get('url.full') ?? '')}`.trim();
}
