// Summary of one trace for the list, kept in memory for each: times, counts, root, and numbers by which it is found. Updated as spans
// arrive, in any order.

import type { ReceivedSpan, Value, Values } from '../receiver/decode.js';
import { endMilliseconds, failed, serviceOf, startOf, textOfValue } from '../receiver/spans.js';
import type { TraceWords, Words } from './words.js';

/** Number of attribute values beyond which a trace is searched by its spans, because the list of values would be larger than the trace. */
const MOST_MARKS = 2000;

export interface TraceSummary {
  readonly id: string;
  /** Milliseconds since the epoch. */
  start: number;
  end: number;
  spans: number;
  errors: number;
  /** Name, service and namespace of the root; of the earliest span while the root has not arrived. */
  root: { name: number; service: number; namespace: number };
  rootArrived: boolean;
  readonly services: number[];
  readonly names: number[];
  readonly namespaces: number[];
  /** Sorted hashes of `key` and `key=value` of all attributes. */
  readonly marks: number[];
  marksOverflow: boolean;
}

export function emptySummary(id: string): TraceSummary {
  return {
    id,
    start: Number.POSITIVE_INFINITY,
    end: 0,
    spans: 0,
    errors: 0,
    root: { name: 0, service: 0, namespace: 0 },
    rootArrived: false,
    services: [],
    names: [],
    namespaces: [],
    marks: [],
    marksOverflow: false,
  };
}

export function addToSummary(
  summary: TraceSummary,
  span: ReceivedSpan,
  words: TraceWords,
  resourceMarks: readonly number[],
): void {
  const [start, end] = [startOf(span), endMilliseconds(span)];
  const earliest = start < summary.start;
  summary.start = Math.min(summary.start, start);
  summary.end = Math.max(summary.end, end);
  summary.spans += 1;
  if (failed(span)) summary.errors += 1;
  const service = wordOf(summary.services, serviceOf(span), words.services);
  const name = wordOf(summary.names, span.name, words.names);
  const namespace = wordOf(summary.namespaces, namespaceIn(span.attributes), words.namespaces);
  if (span.parentSpanId === '' ? !summary.rootArrived || earliest : !summary.rootArrived && earliest) {
    summary.root = { name, service, namespace };
    summary.rootArrived = span.parentSpanId === '';
  }
  for (const mark of resourceMarks) addMark(summary, mark);
  for (const mark of marksOf(span.attributes)) addMark(summary, mark);
}

export function releaseSummary(summary: TraceSummary, words: TraceWords): void {
  for (const kind of ['services', 'names', 'namespaces'] as const)
    for (const number of summary[kind]) words[kind].release(number);
}

export function namespaceIn(attributes: Values): string {
  const namespace = attributes['code.namespace'];
  return typeof namespace === 'string' ? namespace : '';
}

function wordOf(used: number[], text: string, words: Words): number {
  const known = words.find(text);
  if (known !== undefined && used.includes(known)) return known;
  const number = words.use(text);
  used.push(number);
  return number;
}

function addMark(summary: TraceSummary, mark: number): void {
  const { marks } = summary;
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((marks[middle] as number) < mark) low = middle + 1;
    else high = middle;
  }
  if (marks[low] === mark) return;
  if (marks.length >= MOST_MARKS) summary.marksOverflow = true;
  else marks.splice(low, 0, mark);
}

export function hasMark({ marks }: TraceSummary, mark: number): boolean {
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((marks[middle] as number) < mark) low = middle + 1;
    else high = middle;
  }
  return marks[low] === mark;
}

export function marksOf(values: Values): number[] {
  const marks: number[] = [];
  for (const key of Object.keys(values)) marks.push(markOf(key), markOf(`${key}=${textOfValue(values[key] as Value)}`));
  return marks;
}

/** FNV-1a, 30 bits, so that V8 keeps the lists as small integers. */
export function markOf(text: string): number {
  let hash = 0x811c9dc5;
  const length = Math.min(text.length, 300);
  for (let at = 0; at < length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash & 0x3fffffff;
}
