// Spans that arrived from one program, as paths and values: ids become names, times that were not given become `now`, and what a process
// knows of itself becomes its type. Two programs that record the same have equal lines.

// biome-ignore lint/suspicious/noExplicitAny: OTLP in JSON, as the Collector's file exporter writes it
type Json = any;

export interface Arrived {
  readonly span: Json;
  readonly scope: Json;
  readonly resource: Json;
}

export interface Difference {
  readonly program: string;
  readonly field: string;
  readonly sdk: string;
  readonly spanwright: string;
}

const ABSENT = 'absent';
/** 2000-01-01 in nanoseconds: programs give earlier times, clocks later ones. */
const FIRST_NOW = 946_684_800_000_000_000n;
/** Attributes of the resource whose values are those of a process. */
const OWN = /^(process|host)\.|^service\.instance\.id$/;
/** A trace id that programs give, not a random one. */
const GIVEN = /^(..)\1{15}$/;

export function arrivedIn(requests: readonly Json[]): Arrived[] {
  return requests.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ resource, scopeSpans, schemaUrl }: Json) =>
      scopeSpans.flatMap((group: Json) =>
        group.spans.map((span: Json) => ({
          span,
          scope: { ...group.scope, schemaUrl: group.schemaUrl },
          resource: { ...resource, schemaUrl },
        })),
      ),
    ),
  );
}

/** Differences of the spans of one program. */
export function differencesOf(program: string, sdk: readonly Arrived[], spanwright: readonly Arrived[]): Difference[] {
  return compare(program, linesOf(sdk), linesOf(spanwright));
}

function compare(program: string, one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): Difference[] {
  return [...new Set([...one.keys(), ...other.keys()])]
    .map((field) => ({ program, field, sdk: one.get(field) ?? ABSENT, spanwright: other.get(field) ?? ABSENT }))
    .filter((line) => line.sdk !== line.spanwright);
}

/** Value as JSON by path. A span that only one side has is one line more. */
function linesOf(arrived: readonly Arrived[]): Map<string, string> {
  const names = new Map(arrived.map(({ span }) => [span.spanId, span.name ?? '']));
  const traces = [...new Set(arrived.toSorted(byName).map(({ span }) => span.traceId))].filter((one) => !GIVEN.test(one));
  const lines = new Map<string, string>();
  for (const { span, scope } of arrived) {
    const { name = '', traceId, spanId: _, parentSpanId = '', ...rest } = span;
    const path = `span "${name.length < 50 ? name : name.length}"`;
    const trace = GIVEN.test(traceId) ? traceId : `trace ${traces.indexOf(traceId)}`;
    add(lines, path, { ...rest, trace, parent: names.get(parentSpanId) ?? parentSpanId, scope });
  }
  return lines;
}

/** Differences of the resources, which all spans of a side share. */
export function resourceDifferences(sdk: readonly Arrived[], spanwright: readonly Arrived[]): Difference[] {
  const lines = (arrived: readonly Arrived[]): Map<string, string> => {
    const found = new Map<string, string>();
    for (const { resource } of arrived.slice(0, 1)) add(found, 'resource', resource);
    return found;
  };
  return compare('every program', lines(sdk), lines(spanwright));
}

function byName(a: Arrived, b: Arrived): number {
  return (a.span.name ?? '') < (b.span.name ?? '') ? -1 : 1;
}

function add(lines: Map<string, string>, path: string, value: Json): void {
  if (Array.isArray(value)) {
    if (value.length > 0 && value.every((item) => typeof item?.key === 'string')) addKeyed(lines, path, value);
    else for (const [at, item] of value.entries()) add(lines, `${path}[${at}]`, item);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, part] of Object.entries(value)) if (part !== undefined && part !== '') add(lines, `${path}.${key}`, part);
  } else {
    const now = path.endsWith('UnixNano') && BigInt(value) >= FIRST_NOW;
    lines.set(path, now ? 'now' : JSON.stringify(value));
  }
}

function addKeyed(lines: Map<string, string>, path: string, items: readonly Json[]): void {
  for (const item of items) {
    const key = `${path}.${item.key}`;
    if (lines.has(key)) lines.set(`${key}, again`, JSON.stringify(item.value));
    else lines.set(key, readable(item));
  }
}

/** Of a stack the first line: the frames are those of either side. Long values by their length and their end. */
function readable({ key, value }: Json): string {
  if (OWN.test(key)) return 'own';
  const [text, ...frames] = key === 'exception.stacktrace' ? value.stringValue.split('\n') : [JSON.stringify(value)];
  if (text.length < 100) return frames.length > 0 ? `${text} and frames` : text;
  return `${text.length} characters, the last ${text.slice(-5)}`;
}
