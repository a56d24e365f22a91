// `spanwright status`: is tracing on, by which change and until when, and the outcomes of the spans.

import { counted } from '../../runtime/text/counted.js';
import { printable } from '../../runtime/text/printable.js';
import type { Lease, SpanCounts, TracingState } from '../../runtime/tracing.js';
import { EXIT, type Invocation } from '../command.js';
import { facts, settingOf, shortDuration, styled, timeLeft } from '../table.js';
import { ask } from './ask.js';

const onOff = (flag: boolean) => (flag ? 'on' : 'off');

function flagLine({ enabled, built, configured }: TracingState, colours: boolean): string {
  const flag = styled(onOff(enabled), enabled && built ? 'green' : 'yellow', colours);
  const exporter = built ? '' : ', but there is no exporter: nothing is recorded';
  return `${flag}${exporter} (configured: ${onOff(configured)})`;
}

function leaseLine(lease: Lease): string {
  const who = lease.actor === null ? '' : `, by ${lease.actor}`;
  const why = lease.reason === null ? '' : `: ${lease.reason}`;
  return printable(`lease ${lease.id}, ${settingOf(lease)}, ${timeLeft(lease)}${who}${why}`, 700);
}

const ENDINGS: Readonly<Record<string, string>> = {
  expired: 'it expired',
  ended: 'somebody ended it',
  replaced: 'a newer change replaced it',
  maxSpans: 'it reached its limit of spans',
  maxSpansPerSecond: 'it reached its limit of spans per second',
  maxOpenSpans: 'it reached its limit of open spans',
  shutdown: 'the service shut down',
};

/** Sampled callers of other services while tracing is off here. */
function remoteRow({ spans: { remoteRoots, remoteRefused } }: TracingState): (readonly [string, string])[] {
  if (remoteRoots + remoteRefused === 0) return [];
  return [
    [
      'Remote',
      `${counted(remoteRoots, 'tree')} of sampled callers recorded while off, ${remoteRefused} refused (remote_roots_per_second)`,
    ],
  ];
}

function signedRow({ signedRequests }: TracingState): (readonly [string, string])[] {
  if (!signedRequests) return [];
  return [
    ['Signed', `${counted(signedRequests.recorded, 'request')} recorded, ${signedRequests.refused} refused (trace_header)`],
  ];
}

/** Roots at which traces may start, and their conditions. */
function rootsLine({ roots, conditionalRoots = [] }: TracingState): string {
  const conditional = conditionalRoots.map(({ roots: at, when }) => `${at} when ${when}`);
  const all = roots === 'none' && conditional.length > 0 ? conditional : [roots, ...conditional];
  return printable(all.join('; '), 1000) || 'none';
}

function statusLines(state: TracingState, colours: boolean): string[] {
  const { spans, lastEnded } = state;
  const text = (value: string | null, none: string) => (value ? printable(value, 500) : none);
  const rows: (readonly [string, string])[] = [
    [
      'Service',
      `${text(state.serviceName, 'unnamed')}, pid ${state.pid}, up ${shortDuration(Date.now() - Date.parse(state.startedAt))}`,
    ],
    ['Tracing', flagLine(state, colours)],
    ...state.leases.map((lease) => ['Change', leaseLine(lease)] as const),
    ['Endpoint', state.exportedBy === 'sdk' ? 'of your SDK' : text(state.endpoint, 'none')],
    ['Changes', state.allowRuntimeChanges ? 'allowed' : 'refused (allow_runtime_changes = false)'],
    ['Roots', rootsLine(state)],
    ['Rules', text(state.rules, 'none')],
    ['Dropped', text(state.drop, 'none')],
    ['Sites', String(state.sites)],
    [
      'Spans',
      `${spans.open} open, ${spans.started} started, ${spans.ended} ended, ${spans.leaked} leaked, ${spans.refused} refused`,
    ],
    ...remoteRow(state),
    ...signedRow(state),
    ['Export', state.exportedBy === 'sdk' ? 'by your SDK' : exportOf(spans)],
    ['Revision', String(state.revision)],
  ];
  if (lastEnded !== null) {
    const why = ENDINGS[lastEnded.cause] ?? lastEnded.cause;
    rows.push(['Last ended', printable(`${settingOf(lastEnded)} at ${lastEnded.at}: ${why}`, 700)]);
  }
  return facts(rows, colours);
}

export async function runStatus(invocation: Invocation): Promise<number> {
  const state = await ask<TracingState>(invocation, 'GET', 'state');
  if (invocation.options.has('json')) invocation.out(JSON.stringify(state));
  else for (const line of statusLines(state, invocation.colours)) invocation.out(line);
  return EXIT.done;
}

const exportOf = ({ exported, queued, dropped, failed, sampledOut }: SpanCounts): string =>
  `${exported} exported, ${queued} queued, ${dropped} dropped, ${failed} failed${sampledOut > 0 ? `, ${sampledOut} sampled out` : ''}`;
