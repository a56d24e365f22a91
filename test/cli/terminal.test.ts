// Text from services, back ends and files on its way to a terminal: no command lets a control, format or direction character through.
// limit: 120 s

import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { COMMANDS } from '../../cli/commands.js';
import { RECIPES } from '../../cli/viewer/recipes.js';
import { printableLines } from '../../runtime/text/printable.js';
import { spanwright, start } from './program.js';

/** OSC 52 writes the clipboard, CSI clears, C1 CSI is one byte, and the last ones turn the text round or hide it. */
const HOSTILE = 'svc\u001b]52;c;aGk=\u0007\u001b[2J\u009b31m\r\b\u202egpj\u2066\u200b\ufeff\u2028\u{e0041}\ud800';
const UNSAFE = /[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

test('unsafe characters become JSON escapes; line ends, tabs and other alphabets are kept', () => {
  const shown = printableLines(HOSTILE);
  assert.not.match(shown, UNSAFE);
  assert.is(JSON.parse(`"${shown}"`), HOSTILE);
  assert.is(printableLines('a\n\tb\r\n日本 é 👍'), 'a\n\tb\r\n日本 é 👍');
  assert.is(JSON.parse(printableLines(JSON.stringify({ name: HOSTILE }))).name, HOSTILE);
});

test('colour sequences are kept where colours are on, and no other sequence that starts alike', () => {
  const text = '\u001b[31mred\u001b[0m \u001b[8mhidden \u001b[31;1m';
  assert.is(printableLines(text, true), '\u001b[31mred\u001b[0m \\u001b[8mhidden \\u001b[31;1m');
  // of the native compiler's messages, which `spanwright build` prints
  for (const code of [7, 90, 91, 93, 94, 96]) assert.is(printableLines(`\u001b[${code}ma`, true), `\u001b[${code}ma`);
  assert.is(printableLines(text), '\\u001b[31mred\\u001b[0m \\u001b[8mhidden \\u001b[31;1m');
});

test('an output that takes no text is reported in one line', () => {
  if (process.platform !== 'linux') return; // no /dev/full
  const full = openSync('/dev/full', 'w');
  const main = join(__dirname, '../../dist/cli/main.js');
  const { status, stderr } = spawnSync(process.execPath, [main, '--help'], { encoding: 'utf8', stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  assert.is(stderr, 'spanwright: the output cannot be written: ENOSPC: no space left on device, write\n');
  assert.is(status, 1);
});

test('a reader that closes the pipe early changes no exit code, and ends a command that would run on', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'spanwright-'));
  const expected: readonly [line: readonly string[], code: number][] = [
    [['--help'], 0],
    [['doctor', directory, '--url', 'http://127.0.0.1:1'], 1],
    [['doctor', directory, '--url', 'http://127.0.0.1:1', '--json'], 1],
    [['no-such-command'], 2],
    [['status', '--url', 'http://127.0.0.1:1'], 3],
    [['receive', '--port', '0', '--json'], 0],
  ];
  for (const [line, code] of expected) {
    const child = start(line);
    child.stdout?.destroy();
    child.stderr?.destroy();
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    assert.is(await new Promise((resolve) => child.once('exit', resolve)), code, line.join(' '));
    clearTimeout(timer);
  }
  rmSync(directory, { recursive: true });
});

const ID = '0af7651916cd43dd8448eb211c80319c';
/** A line of a log, as programs write them. */
const ERROR = { level: 'error', time: 'now', msg: HOSTILE, trace_id: ID, error: HOSTILE, logger: HOSTILE };
const FILES: Record<string, string> = {
  'service.log': `${JSON.stringify(ERROR)}\n2026-01-15 10:30:45 | ERROR | ${HOSTILE.replace(/\r/, '')} | trace_id=${ID} | text\n`,
  'collector.log': `2026-01-15T10:30:45.000Z\terror\tinternal/retry.go:1\t${HOSTILE.replace(/\r/, '')}\t{"otelcol.component.id": "otlp/${'svc\u202e'}", "error": ${JSON.stringify(HOSTILE)}}\n`,
  'collector.yaml': `processors:\n  ${JSON.stringify(`probabilistic_sampler/${HOSTILE}`)}:\n    sampling_percentage: 10\nservice:\n  pipelines:\n    traces:\n      receivers: []\n      processors: [${JSON.stringify(`probabilistic_sampler/${HOSTILE}`)}]\n      exporters: []\n`,
  'svc\u202e\u0007.ts': `import { instrument } from 'spanwright';\nexport class Svc { @instrument({ name: 'svc\u202e\u200b' }) run\u200c(svc: string) { return "\u009b31m"; } }\n`,
};
/** Command lines by what they read. URL is the server below, @name a file above. */
const PRINTING: readonly (readonly string[])[] = [
  ...['status', 'sites', 'spans', 'errors', 'leases', 'audit', 'top --count 1 --interval 100ms', 'metrics', 'dump'].map(
    (line) => [...line.split(' '), '--url', 'URL'],
  ),
  ['status', '--json', '--url', 'URL'],
  ['set', 'tracing-enabled', 'true', '--url', 'URL'],
  ['set', 'rules', HOSTILE, '--url', 'URL'],
  ['leases', 'end', HOSTILE, '--url', 'URL'],
  ['doctor', '--url', 'URL'],
  ...[`show ${ID}`, `broken ${ID}`, 'slow', 'errors', 'find a=b', 'map', 'from-log @service.log'].map((line) => [
    ...['traces', ...line.split(' '), '--jaeger', 'URL'],
  ]),
  ['traces', 'show', ID, '--jaeger', 'URL', '--json'],
  ['traces', 'spike', '--prometheus', 'URL', '--query', 'up', '--jaeger', 'URL'],
  ['traces', 'verify', 'URL/state', '--jaeger', 'URL', '--wait', '1s', '--expect', HOSTILE],
  ['traces', 'sampling', '--url', 'URL'],
  ['traces', 'sampling', '@collector.yaml'],
  ['traces', 'collector', 'URL/metrics', '--log', '@collector.log'],
  ['traces', HOSTILE],
  ['diff', HOSTILE, ID, '--jaeger', 'URL'],
  ['explain', '@svc\u202e\u0007.ts'],
  ['explain', '@svc\u202e\u0007.ts', '--json'],
  ...[
    ['build', '-p'],
    ['view', '--hook'],
    ['receive', '--host'],
    ['sign', '--path'],
  ].map((line) => [...line, HOSTILE]),
  [HOSTILE],
  ['status', `--${HOSTILE}`],
  ['completion', 'bash', `--${HOSTILE}`],
];

test('each command and each recipe is among the lines', () => {
  const first = new Set(PRINTING.map(([name]) => name));
  const second = new Set(PRINTING.map(([, name]) => name));
  assert.equal([COMMANDS.filter(({ name }) => !first.has(name)), RECIPES.filter(({ name }) => !second.has(name))], [[], []]);
});

async function hostileServer(): Promise<Server> {
  const server = createServer((request, response) => {
    const { url = '', method } = request;
    const failing = method === 'DELETE' || (method === 'PUT' && url.includes('rules'));
    const hostile = { error: { code: HOSTILE, message: HOSTILE, field: HOSTILE } };
    response.writeHead(failing ? 400 : 200, { 'content-type': url.includes('metrics') ? 'text/plain' : 'application/json' });
    response.end(url.includes('metrics') ? METRICS : JSON.stringify(failing ? hostile : answerOf(url)));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return server;
}

test('no command prints an unsafe character of a service, a back end, a file or its own command line', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'spanwright-terminal-'));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(directory, name), text);
  const server = await hostileServer();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const silent: string[] = [];
  try {
    for (const line of PRINTING) {
      const args = line.map((word) => word.replace('URL', url).replace(/^@/, `${directory}/`));
      const { out, err } = await spanwright(args, {
        SPANWRIGHT_ADMIN_TOKEN: 'the-token-for-changes',
        SPANWRIGHT_TRACE_HEADER_SECRET: 'a-secret-of-the-test',
      });
      assert.not.match(out + err, UNSAFE, `${line.join(' ')}: ${JSON.stringify(out + err).slice(0, 500)}`);
      if (!(out + err).includes('svc')) silent.push(`${line.join(' ')}: ${out}${err}`);
    }
  } finally {
    server.close();
    rmSync(directory, { recursive: true });
  }
  assert.equal(silent, []);
});

/** Prometheus text: label values may hold anything but a line end. */
const LABEL = HOSTILE.replace(/["\r\n\u2028]/g, '');
const METRICS = `# TYPE otelcol_exporter_send_failed_spans counter
otelcol_exporter_send_failed_spans{exporter="${LABEL}"} 5
otelcol_exporter_sent_spans{exporter="${LABEL}"} 5
otelcol_receiver_accepted_spans{receiver="${LABEL}"} 5
`;

/** Grows with each answer, so that a second one has more calls than the first. */
let calls = 0;

/** One answer for every question: each field that a command may print is hostile. */
function answerOf(url: string): unknown {
  if (url.includes('/api/services')) return { data: [HOSTILE] };
  if (url.includes('/api/dependencies')) return { data: [{ parent: HOSTILE, child: HOSTILE, callCount: 1 }] };
  if (url.includes('/query_range'))
    return {
      status: 'success',
      data: {
        result: [
          {
            metric: { job: HOSTILE },
            values: [
              [1, '1'],
              [2, '5'],
            ],
          },
        ],
      },
    };
  if (url.includes('/api/')) {
    const span = {
      traceID: ID,
      spanID: '00f067aa0ba902b7',
      operationName: HOSTILE,
      startTime: 1,
      duration: 1,
      processID: 'p1',
      references: [],
      tags: [
        { key: HOSTILE, type: 'string', value: HOSTILE },
        { key: 'error', type: 'bool', value: true },
        { key: 'otel.status_description', type: 'string', value: HOSTILE },
      ],
      logs: [],
    };
    return { data: [{ traceID: span.traceID, spans: [span], processes: { p1: { serviceName: HOSTILE, tags: [] } } }] };
  }
  calls += 5;
  const now = new Date().toISOString();
  const lease = {
    id: HOSTILE,
    kind: 'enabled',
    value: true,
    only: HOSTILE,
    when: HOSTILE,
    capture: HOSTILE,
    limits: { maxSpans: null, maxSpansPerSecond: null, maxOpenSpans: null },
    spans: 0,
    warnings: [HOSTILE],
    ended: [],
    actor: HOSTILE,
    reason: HOSTILE,
    createdAt: now,
    expiresAt: now,
  };
  const site = {
    id: HOSTILE,
    namespace: HOSTILE,
    function: HOSTILE,
    file: HOSTILE,
    line: 1,
    verdict: HOSTILE,
    open: 0,
    calls,
    errors: 1,
    latency: { p50Ms: null, p95Ms: null, p99Ms: null, sumMs: 0, scale: 3, offset: 0, counts: [] },
    failures: [],
    recent: [],
  };
  const span = {
    name: HOSTILE,
    namespace: HOSTILE,
    traceId: HOSTILE,
    spanId: HOSTILE,
    ageMs: 1,
    attributes: { [HOSTILE]: HOSTILE },
  };
  const error = {
    at: now,
    site: HOSTILE,
    error: HOSTILE,
    traceId: HOSTILE,
    namespace: HOSTILE,
    function: HOSTILE,
    name: HOSTILE,
    durationMs: 1,
  };
  const entry = { at: now, outcome: 'done', change: HOSTILE, actor: HOSTILE, until: now, reason: HOSTILE };
  if (url.includes('spans/open')) return { total: 1, spans: [span] };
  return {
    configuration: [{ key: 'keep_ratio', value: HOSTILE, source: HOSTILE }],
    remoteParent: HOSTILE,
    file: HOSTILE,
    serviceName: HOSTILE,
    enabled: true,
    recording: true,
    configured: true,
    built: true,
    endpoint: HOSTILE,
    roots: HOSTILE,
    rules: HOSTILE,
    drop: HOSTILE,
    version: HOSTILE,
    pid: 1,
    now,
    startedAt: now,
    revision: 1,
    allowRuntimeChanges: true,
    leases: [lease],
    lastEnded: null,
    spans: { open: 0, started: 0, ended: 0, exported: 0, failed: 0, dropped: 0, refused: 0, leaked: 0 },
    open: 0,
    sites: [site],
    namespaces: [site],
    openSpans: [span],
    total: 1,
    errors: [error],
    entries: [entry],
    exporter: { state: HOSTILE, endpoint: HOSTILE },
    lease,
  };
}

test('receive prints no unsafe character of a span', async () => {
  const child = start(['receive', '--port', '0']);
  let printed = '';
  child.stderr?.on('data', (part) => {
    printed += part;
  });
  const address = new Promise<string>((resolve) => {
    child.stdout?.on('data', (part) => {
      printed += part;
      const found = /http:\/\/[\d.:]+/.exec(printed);
      if (found !== null) resolve(found[0]);
    });
  });
  const processor = new SimpleSpanProcessor(new OTLPTraceExporter({ url: await address }));
  const resource = resourceFromAttributes({ 'service.name': HOSTILE.replace(/\ud800/, '') });
  const provider = new BasicTracerProvider({ resource, spanProcessors: [processor] });
  const span = provider.getTracer('svc\u202e').startSpan('svc\u001b[2J', { attributes: { 'svc\u200b': 'svc\u009b31m' } });
  span.recordException(new Error('svc\u001b]52;c;aGk=\u0007'));
  span.setStatus({ code: 2, message: 'svc\u202e' }).end();
  await provider.shutdown();
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('close', resolve));
  assert.match(printed, /svc\\u001b\[2J/);
  assert.not.match(printed, UNSAFE, JSON.stringify(printed));
});

test.run();
