// Traces as text: one line a span, children below their parents in order of start, with durations, namespaces, the
// attributes asked for, and errors with their reason and place. Used by `spanwright receive` and by the samples.
// Text from spans is shown with control characters escaped, so that no span can steer the terminal it is printed to.

import { sep } from 'node:path';
import type { ReceivedSpan, Value } from './decode.js';
import { serviceOf, textOfValue } from './spans.js';

export interface TreeOptions {
  /** Attribute keys to show, in this order, where a span has them. Default: all but the `code.*` ones. */
  attributes?: readonly string[];
  /** Longest attribute value shown, in characters. Default 80. */
  valueLength?: number;
  /** Show each span's service before its name; for traces through several. Default false. */
  services?: boolean;
  /** Show what each span links to, at most three of it: a span of this trace by its name, another one by its ids. Default false. */
  links?: boolean;
}

const MOST_LINKS = 3;

/** One trace as printable lines. */
export function formatTrace(spans: readonly ReceivedSpan[], options: TreeOptions = {}): string {
  const lines: string[] = [];
  const children = childrenByParent(spans);
  const names = new Map(options.links ? spans.map(({ spanId, name }) => [spanId, name]) : []);
  const pending = (children.get('') ?? []).map((span) => ({ span, head: '', tail: '' })).reverse();
  const seen = new Set<ReceivedSpan>();
  // A stack of our own: a trace may be deeper than the call stack is.
  for (let entry = pending.pop(); entry; entry = pending.pop()) {
    const { span, head, tail } = entry;
    if (seen.has(span)) continue;
    seen.add(span);
    lines.push(head + spanLine(span, options) + (options.links ? linksOf(span, names) : ''));
    const below = children.get(span.spanId) ?? [];
    for (let index = below.length - 1; index >= 0; index -= 1) {
      const last = index === below.length - 1;
      const child = below[index] as ReceivedSpan;
      pending.push({ span: child, head: tail + (last ? '└─ ' : '├─ '), tail: tail + (last ? '   ' : '│  ') });
    }
    const failure = failureText(span, below);
    if (failure) lines.push(`${tail}${below.length > 0 ? '│  ' : '   '}  ✗ ${failure}`);
  }
  const circular = spans.length - seen.size;
  if (circular > 0) lines.push(`(${circular} more spans name each other as parents, or repeat an id)`);
  return lines.join('\n');
}

/** Spans by trace, traces in order of their first start. */
export function groupTraces(spans: readonly ReceivedSpan[]): ReceivedSpan[][] {
  const traces = new Map<string, ReceivedSpan[]>();
  for (const span of byStart(spans)) {
    const trace = traces.get(span.traceId);
    if (trace) trace.push(span);
    else traces.set(span.traceId, [span]);
  }
  return [...traces.values()];
}

/** The empty id holds the roots, and the spans whose parent did not arrive. */
function childrenByParent(spans: readonly ReceivedSpan[]): Map<string, ReceivedSpan[]> {
  const present = new Set(spans.map((span) => span.spanId));
  const children = new Map<string, ReceivedSpan[]>();
  for (const span of byStart(spans)) {
    const parent = present.has(span.parentSpanId) ? span.parentSpanId : '';
    const siblings = children.get(parent);
    if (siblings) siblings.push(span);
    else children.set(parent, [span]);
  }
  return children;
}

function spanLine(span: ReceivedSpan, options: TreeOptions): string {
  const namespace = span.attributes['code.namespace'];
  const keys = options.attributes ?? Object.keys(span.attributes).filter((key) => !key.startsWith('code.'));
  const shown = keys
    .filter((key) => Object.hasOwn(span.attributes, key))
    .map((key) => `${printable(key)}=${shorten(span.attributes[key] as Value, options.valueLength ?? 80)}`);
  return [
    `${span.status.code === 'error' ? '✗ ' : ''}${options.services ? `${printable(serviceOf(span) || '?')}: ` : ''}${printable(span.name)}`,
    formatDuration(span),
    ...(typeof namespace === 'string' && !span.name.startsWith(namespace) ? [`[${printable(namespace)}]`] : []),
    ...(shown.length > 0 ? [shown.join(' ')] : []),
  ].join('  ');
}

/** `↗ name` for a span that is here, `↗ traceId/spanId` for one that is not. */
function linksOf({ traceId, links }: ReceivedSpan, names: ReadonlyMap<string, string>): string {
  const shown = links.slice(0, MOST_LINKS).map((link) => {
    const name = link.traceId === traceId ? names.get(link.spanId) : undefined;
    return `  ↗ ${printable(name ?? `${link.traceId}/${link.spanId}`)}`;
  });
  const more = links.length - shown.length;
  return shown.join('') + (more > 0 ? ` and ${more} more` : '');
}

/** Why a span failed and where; nothing for a span that only passes on the failure of one below it. */
function failureText(span: ReceivedSpan, below: readonly ReceivedSpan[]): string | undefined {
  const exception = span.events.find((event) => event.name === 'exception');
  if (!exception && (span.status.code !== 'error' || below.some((child) => child.status.code === 'error'))) return undefined;
  const type = exception?.attributes['exception.type'] ?? span.attributes['error.type'];
  const message = exception?.attributes['exception.message'] ?? (span.status.message || 'failed, without a reason');
  const at = placeOfSpan(span, exception?.attributes['exception.stacktrace']);
  return [type ? `${printable(String(type))}: ` : '', printable(String(message)), at ? ` (${printable(at)})` : ''].join('');
}

/** The first frame of the stack, its path from here if it is below; the site's own place without one. */
function placeOfSpan(span: ReceivedSpan, stack: Value | undefined): string | undefined {
  const frame = typeof stack === 'string' ? stack.split('\n').find((line) => line.trimStart().startsWith('at ')) : undefined;
  if (frame) return frame.trim().replaceAll(`${process.cwd()}${sep}`, '');
  const file = span.attributes['code.file.path'];
  return typeof file === 'string' ? `at ${file}:${String(span.attributes['code.line.number'] ?? '?')}` : undefined;
}

/** Microseconds below one millisecond, seconds from one second on. */
export function formatDuration(span: ReceivedSpan): string {
  const nanoseconds = Number(BigInt(span.endTimeUnixNano) - startNanoseconds(span));
  if (nanoseconds < 1e6) return `${Math.round(nanoseconds / 1e3)} µs`;
  if (nanoseconds < 1e9) return `${(nanoseconds / 1e6).toFixed(1)} ms`;
  return `${(nanoseconds / 1e9).toFixed(2)} s`;
}

function startNanoseconds(span: ReceivedSpan): bigint {
  return BigInt(span.startTimeUnixNano);
}

/** Sorted by start; parents before their children where both have the same, as from SDKs that start spans at whole milliseconds. */
function byStart(spans: readonly ReceivedSpan[]): ReceivedSpan[] {
  const depths = depthsOf(spans);
  return [...spans].sort(
    (a, b) => Number(startNanoseconds(a) - startNanoseconds(b)) || (depths.get(a) ?? 0) - (depths.get(b) ?? 0),
  );
}

/** Number of ancestors among `spans`. A parent that is its own descendant counts once. */
function depthsOf(spans: readonly ReceivedSpan[]): Map<ReceivedSpan, number> {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const depths = new Map<ReceivedSpan, number>();
  for (const span of spans) {
    const path: ReceivedSpan[] = [];
    let above: ReceivedSpan | undefined = span;
    while (above !== undefined && !depths.has(above)) {
      depths.set(above, 0);
      path.push(above);
      above = byId.get(above.parentSpanId);
    }
    let depth = above === undefined ? -1 : (depths.get(above) ?? 0);
    for (const one of path.reverse()) depths.set(one, ++depth);
  }
  return depths;
}

function shorten(value: Value, length: number): string {
  const text = printable(textOfValue(value));
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** Control characters, and the ones that reverse or hide text, in their escaped form. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u200b-\u200f\u2028\u2029]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}
