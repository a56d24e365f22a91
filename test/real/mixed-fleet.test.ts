// Consistent sampling in a fleet of three SDKs: Spanwright, OpenTelemetry's Java SDK with the consistent samplers of its contrib, and its
// Python SDK with its composable samplers. They call one another in every order, and a real Collector shows which spans each has kept.
// limit: 180 s

import { randomBytes } from 'node:crypto';
import { createServer, get, type IncomingMessage, type OutgoingHttpHeaders, type Server } from 'node:http';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inject, instrument, startTracing, type Tracing, type TracingOptions } from '../../runtime/index.js';
import { OTELCOL, OtelCollector } from './support/otel-collector.js';
import { findPart, freePorts, Program, until } from './support/program.js';

const FLEET = findPart('mixed');
const test = suite('mixed fleet');
const real = FLEET === undefined || OTELCOL === undefined ? test.skip : test;

type Name = 'node' | 'java' | 'python';
/** `own`: each service decides by its own ratio. `parent`: by its parent, and at a root by its ratio. */
type Mode = 'own' | 'parent';

const TRACES = 6;
const RATIOS = { java: 0.25, python: 0.75 };
const NAMES: readonly Name[] = ['node', 'java', 'python'];
const ORDERS = NAMES.flatMap((first) =>
  NAMES.filter((name) => name !== first).map((second) => [
    first,
    second,
    NAMES.find((name) => name !== first && name !== second),
  ]),
) as Name[][];

const address = { node: '', java: '', python: '' };
let collector: OtelCollector;
let tracing: Tracing | undefined;
let server: Server;
const programs: Program[] = [];

async function fetchText(url: string, headers: OutgoingHttpHeaders = {}): Promise<string> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => get(url, { headers }, resolve).on('error', reject));
  let text = '';
  for await (const piece of response.setEncoding('utf8')) text += piece;
  return text;
}

/** The service on Spanwright. Its answer is that of Service.java. */
const hop = instrument(
  { namespace: 'fleet', name: 'hop', kind: 'server', parent: ({ headers }: IncomingMessage) => headers as never },
  async ({ url = '', headers }: IncomingMessage): Promise<string> => {
    const sent = inject<Record<string, string>>({});
    const [, mode, following = ''] = url.split('/');
    const [next, ...rest] = following.split(',');
    const below = next ? await fetchText(`http://${next}/${mode}/${rest.join(',')}`, sent) : '';
    const decision = Number.parseInt(sent.traceparent?.slice(-2) ?? '0', 16) & 1 ? 'sampled' : 'dropped';
    return `node ${decision} ${headers.traceparent ?? '-'} ${headers.tracestate ?? '-'}\n${below}`;
  },
);

test.before(async () => {
  if (FLEET === undefined || OTELCOL === undefined) return;
  collector = await OtelCollector.start({ http: true });
  const [java = 0, python = 0] = await freePorts(2);
  const classes = `${join(FLEET, 'java/classes')}:${join(FLEET, 'java/*')}`;
  programs.push(
    ...(await Promise.all([
      Program.start('java', ['-cp', classes, 'Service', `${java}`, collector.httpUrl, `${RATIOS.java}`], java),
      Program.start('python3', [join(FLEET, 'service.py'), `${python}`, collector.httpUrl, `${RATIOS.python}`], python, {
        PYTHONPATH: join(FLEET, 'python'),
      }),
    ])),
  );
  server = createServer((request, response) => void hop(request).then((text) => response.end(text)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address.node = `127.0.0.1:${(server.address() as { port: number }).port}`;
  address.java = `127.0.0.1:${java}`;
  address.python = `127.0.0.1:${python}`;
});

test.after.each(async () => {
  await tracing?.shutdown();
  tracing = undefined;
});

test.after(async () => {
  server?.close();
  await Promise.all(programs.map((program) => program.stop()));
  await collector?.remove();
});

interface Hop {
  readonly name: string;
  readonly sampled: boolean;
  readonly traceparent: string;
  readonly tracestate: string;
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
}

interface Trace {
  readonly id: string;
  readonly order: readonly Name[];
  /** Headers of the caller of the first service. */
  readonly upstream: Readonly<Record<string, string>>;
  readonly hops: readonly Hop[];
  readonly spans: Readonly<Partial<Record<Name, Span>>>;
}

const hex = (digits: number): string => randomBytes(digits / 2).toString('hex');
/** Fields of `ot`, by name. */
const samplingOf = (state: string): Record<string, string> =>
  Object.fromEntries(
    (/(?:^|,)ot=([^,]*)/.exec(state)?.[1] ?? '')
      .split(';')
      .filter(Boolean)
      .map((field) => field.split(':')),
  );
const randomness = ({ id, upstream }: Trace): bigint => BigInt(`0x${samplingOf(upstream.tracestate ?? '').rv ?? id.slice(18)}`);
const threshold = (th: string): bigint => BigInt(`0x${th.padEnd(14, '0')}`);
const thresholdOf = (ratio: number): string =>
  BigInt(Math.round((1 - ratio) * 2 ** 56))
    .toString(16)
    .padStart(14, '0')
    .replace(/0+$/, '');

/** Sends requests through the services in every order, with and without a caller, and reads what the Collector has got. */
async function traffic(mode: Mode, options: TracingOptions, upstream: () => Record<string, string>): Promise<Trace[]> {
  tracing = await startTracing({
    serviceName: 'node',
    endpoint: collector.url,
    enabled: true,
    resourceDetectors: 'none',
    ...options,
  });
  const sent = await Promise.all(
    ORDERS.flatMap((order) =>
      Array.from({ length: TRACES * 2 }, async (_, at) => {
        const headers = at < TRACES ? {} : upstream();
        const [first, ...rest] = order.map((name) => address[name]);
        const hops = (await fetchText(`http://${first}/${mode}/${rest.join(',')}`, headers))
          .trim()
          .split('\n')
          .map((line) => line.split(' '))
          .map(([name = '', sampled, traceparent = '', tracestate = '']) => ({
            name,
            sampled: sampled === 'sampled',
            traceparent,
            tracestate,
          }));
        assert.equal(
          hops.map(({ name }) => name),
          order,
        );
        return { id: hops[1]?.traceparent.slice(3, 35) ?? '', order, upstream: headers, hops };
      }),
    ),
  );
  await Promise.all([
    tracing.forceFlush(),
    fetchText(`http://${address.java}/flush`),
    fetchText(`http://${address.python}/flush`),
  ]);
  return sent.map((trace) => ({ ...trace, spans: {} }));
}

/** Adds the spans of the Collector to the traces. */
async function withSpans(traces: readonly Trace[], expected: number): Promise<Trace[]> {
  const spans = (): Map<string, Partial<Record<Name, Span>>> => {
    const found = new Map<string, Partial<Record<Name, Span>>>(traces.map(({ id }) => [id, {}]));
    for (const { resourceSpans } of collector.requests())
      for (const { resource, scopeSpans } of resourceSpans) {
        const service = resource.attributes.find(({ key }: { key: string }) => key === 'service.name').value.stringValue as Name;
        for (const span of scopeSpans.flatMap((scope: { spans: Span[] }) => scope.spans)) {
          const trace = found.get(span.traceId);
          if (trace !== undefined) trace[service] = { traceState: '', ...span };
        }
      }
    return found;
  };
  const count = (): number => [...spans().values()].reduce((sum, one) => sum + Object.keys(one).length, 0);
  await until(() => count() >= expected, `${expected} spans are at the Collector`, 5000).catch(() => {});
  const found = spans();
  return traces.map((trace) => ({ ...trace, spans: found.get(trace.id) ?? {} }));
}

/** Faults of what a service has sent to the next one. */
function faultsOfHops({ order, hops, upstream }: Trace): string[] {
  const { rv } = samplingOf(upstream.tracestate ?? '');
  const isRandom = (traceparent: string): boolean => (Number.parseInt(traceparent.slice(-2), 16) & 2) !== 0;
  return hops.slice(1).flatMap(({ tracestate, traceparent }, at) => {
    const sender = order[at] as Name;
    const before = hops[at] as Hop;
    return [
      samplingOf(tracestate).rv !== rv && `${sender} sent tracestate ${tracestate}`,
      upstream.tracestate !== undefined &&
        !/(^|,)a=1(,|$)/.test(tracestate) &&
        `${sender} lost another vendor's member: ${tracestate}`,
      sender === 'node' &&
        isRandom(traceparent) !== (before.traceparent === '-' || isRandom(before.traceparent)) &&
        `node sent ${traceparent} after ${before.traceparent}`,
    ].filter((fault) => fault !== false);
  });
}

/** Fields of kept spans. A child of a kept span has it as its parent: the others are children of spans that a threshold has left out. */
function faultsOfSpans({ order, spans, upstream }: Trace, keptBy: (name: Name) => string): string[] {
  const { rv } = samplingOf(upstream.tracestate ?? '');
  return order.flatMap((name, at) => {
    const span = spans[name];
    if (span === undefined) return [];
    const { rv: found, th } = samplingOf(span.traceState);
    const above = spans[order[at - 1] as Name];
    return [
      (found !== rv || th !== keptBy(name)) && `${name} kept it with tracestate ${span.traceState}`,
      above !== undefined && span.parentSpanId !== above.spanId && `${name} has the parent ${span.parentSpanId}`,
    ].filter((fault) => fault !== false);
  });
}

/**
 * Holds the traces to a decision, and the spans to what they must show of it.
 * @param keeps true if a service keeps its span of a trace @param thresholdOfSpan with which it keeps it
 */
async function hold(
  sent: readonly Trace[],
  keeps: (trace: Trace, name: Name) => boolean,
  thresholdOfSpan: (trace: Trace, name: Name) => string,
): Promise<void> {
  const wanted = sent.map((trace) => trace.order.filter((name) => keeps(trace, name)));
  const traces = await withSpans(sent, wanted.flat().length);
  const faults = traces.flatMap((trace, at) => {
    const kept = trace.order.filter((name) => trace.spans[name] !== undefined);
    const outcome = kept.join() === wanted[at]?.join() ? [] : [`kept by ${kept}, must be by ${wanted[at]}`];
    return [...outcome, ...faultsOfHops(trace), ...faultsOfSpans(trace, (name) => thresholdOfSpan(trace, name))].map(
      (fault) => `${trace.order.join(' > ')} ${trace.id} below ${JSON.stringify(trace.upstream)}: ${fault}`,
    );
  });
  assert.equal(faults.slice(0, 10), []);
  const whole = wanted.filter((names) => names.length === NAMES.length).length;
  assert.ok(whole > 0 && whole < traces.length, `${whole} of ${traces.length} traces are whole`);
}

/** A caller with a random sampled flag, whose explicit randomness differs from that of the trace id. */
const caller = (): Record<string, string> => ({
  traceparent: `00-${hex(32)}-${hex(16)}-0${randomBytes(1).readUInt8() % 4}`,
  tracestate: `a=1,ot=th:c;rv:${hex(14)}`,
});

for (const ratio of [0.5, 0.1])
  real(
    `each decides by its own ratio, Spanwright by ${ratio}: whole in all where the randomness passes the smallest`,
    async () => {
      const ratios = { ...RATIOS, node: ratio };
      const sent = await traffic('own', { remoteParent: 'ignore', rules: `*=${ratio}` }, caller);
      await hold(
        sent,
        (trace, name) => randomness(trace) >= threshold(thresholdOf(ratios[name])),
        (_, name) => thresholdOf(ratios[name]),
      );
    },
  );

real('`keep.ratio` decides by the same randomness, and its threshold is in what is sent', async () => {
  const ratios = { ...RATIOS, node: 0.5 };
  const sent = await traffic('own', { remoteParent: 'ignore', keep: { errors: false, ratio: 0.5 } }, caller);
  await hold(
    sent,
    (trace, name) => randomness(trace) >= threshold(thresholdOf(ratios[name])),
    (_, name) => thresholdOf(ratios[name]),
  );
});

real('children follow their parent: a trace is whole in all or missing in all, and `th` and `rv` travel unchanged', async () => {
  const ratios = { ...RATIOS, node: 0.5 };
  const consistent = (): Record<string, string> => {
    const rv = hex(14);
    const sampled = BigInt(`0x${rv}`) >= threshold('8');
    const tracestate = sampled ? `a=1,ot=th:8;rv:${rv}` : `a=1,ot=rv:${rv}`;
    return { traceparent: `00-${hex(32)}-${hex(16)}-0${sampled ? 3 : 2}`, tracestate };
  };
  const sent = await traffic('parent', { rules: '*=0.5' }, consistent);
  const first = ({ order, upstream }: Trace): string =>
    upstream.traceparent === undefined ? thresholdOf(ratios[order[0] as Name]) : '8';
  await hold(sent, (trace) => randomness(trace) >= threshold(first(trace)), first);
});

test.run();
