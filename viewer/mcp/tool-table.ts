// Tools of the MCP server. Each is a request to the JSON API (docs/viewer.md), of which it takes names and descriptions of the parameters,
// so that an assistant filters as the page does.

import { FILTER_QUERY } from '../server/routes.js';
import { FLAGS, type TraceDetail } from '../server/shapes.js';

export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly properties: Readonly<Record<string, Property>>;
  readonly required?: readonly string[];
  /** Path and query of the request that answers it. */
  path(given: Arguments): string;
  /** The part of the answer that the assistant gets. Default: all of it. */
  shown?(answer: unknown, given: Arguments): unknown;
}

interface Property {
  readonly type: 'string' | 'number' | 'boolean' | 'array';
  readonly description: string;
  readonly items?: { readonly type: 'string' };
}

export type Arguments = Readonly<Record<string, unknown>>;

const NUMBERS = ['min', 'max', 'from', 'to'];
const BOOLEANS = ['errors', 'open'];
const FILTER: Readonly<Record<string, Property>> = Object.fromEntries(
  FILTER_QUERY.map(([name, summary]): [string, Property] => {
    if (name === 'attribute')
      return [name, { type: 'array', items: { type: 'string' }, description: '`key=value` or `key`, all of them' }];
    const type = NUMBERS.includes(name) ? 'number' : BOOLEANS.includes(name) ? 'boolean' : 'string';
    return [name, { type, description: summary }];
  }),
);
const LIMIT: Property = { type: 'number', description: 'most rows, at most 1000; default 20' };
const TRACE: Property = { type: 'string', description: 'trace id, 32 hexadecimal digits' };

export const TOOLS: readonly Tool[] = [
  {
    name: 'search_traces',
    description:
      'Traces that match a filter, newest first: id, root span, service, start, duration, number of spans, errors and open spans.',
    properties: { ...FILTER, limit: LIMIT },
    path: (given) => `/api/traces?${queryOf({ limit: 20, ...given })}`,
  },
  {
    name: 'get_trace',
    description:
      'Spans of one trace as a tree in order: name, service, namespace, start and duration in milliseconds, self time, and whether it failed, is still open, or is on the critical path.',
    properties: { trace: TRACE, limit: { type: 'number', description: 'most spans; default 500' } },
    required: ['trace'],
    path: ({ trace }) => `/api/traces/${idOf(trace)}`,
    shown: treeOf,
  },
  {
    name: 'get_span',
    description: 'One span with its attributes, events, links, exception with stack, and resource.',
    properties: { trace: TRACE, span: { type: 'string', description: 'span id, 16 hexadecimal digits' } },
    required: ['trace', 'span'],
    path: ({ trace, span }) => `/api/traces/${idOf(trace)}/spans/${idOf(span)}`,
  },
  {
    name: 'slow_traces',
    description: 'The slowest traces that match a filter.',
    properties: { ...FILTER, limit: LIMIT },
    path: (given) => `/api/traces?${queryOf({ limit: 20, ...given, order: 'slowest' })}`,
  },
  {
    name: 'errors',
    description:
      'Failures in the traces that match a filter, newest first. A failure is one row, at the span where it arose, however many spans it passed.',
    properties: { ...FILTER, limit: LIMIT },
    path: (given) => `/api/errors?${queryOf({ limit: 20, ...given })}`,
  },
  {
    name: 'diff',
    description:
      'What explains slow traces, ranked: between traces `a` and `b`, or between the slow traces that match a filter and the others.',
    properties: {
      a: { ...TRACE, description: 'id of the slow trace' },
      b: { ...TRACE, description: 'id of the trace to compare it with' },
      over: { type: 'number', description: 'duration from which a trace is slow, milliseconds; default: the slowest tenth' },
      ...FILTER,
    },
    path: (given) => `/api/diff?${queryOf(given)}`,
  },
  {
    name: 'open_spans',
    description:
      'Spans that have started and not ended in services whose admin hook is known, oldest first, with their age in milliseconds.',
    properties: { service: { type: 'string', description: 'name of a service' }, limit: LIMIT },
    path: (given) => `/api/open?${queryOf({ limit: 20, ...given })}`,
  },
];

/** Rows by name instead of by position; times in milliseconds. */
function treeOf(answer: unknown, { limit = 500 }: Arguments): unknown {
  const { id, start, durationMs, services, namespaces, spans } = answer as TraceDetail;
  const rows = spans
    .slice(0, Number(limit))
    .map(([span, parent, , name, service, namespace, from, duration, self, kind, flags]) => ({
      span,
      parent: spans[parent]?.[0] ?? null,
      name,
      service: services[service],
      namespace: namespaces[namespace],
      kind,
      startMs: from / 1000,
      durationMs: duration / 1000,
      selfMs: self / 1000,
      ...(flags & FLAGS.error ? { failed: true } : {}),
      ...(flags & FLAGS.open ? { open: true } : {}),
      ...(flags & FLAGS.critical ? { critical: true } : {}),
    }));
  return { id, startedAt: new Date(start).toISOString(), durationMs, spansInAll: spans.length, spans: rows };
}

const idOf = (value: unknown): string => encodeURIComponent(String(value).toLowerCase());

function queryOf(given: Arguments): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) {
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  return query;
}

/** @returns what is wrong with the arguments, undefined when nothing is. */
export function faultOf({ name, properties, required = [] }: Tool, given: Arguments): string | undefined {
  for (const needed of required) if (given[needed] === undefined) return `${name} needs "${needed}"`;
  for (const [key, value] of Object.entries(given)) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property === undefined) return `${name} has no argument "${key}"; expected ${Object.keys(properties).join(', ')}`;
    const strings = Array.isArray(value) && value.every((one) => typeof one === 'string');
    if (property.type === 'array' ? !strings : typeof value !== property.type)
      return `"${key}" must be ${property.type === 'array' ? 'an array of strings' : `a ${property.type}`}`;
  }
  return undefined;
}
