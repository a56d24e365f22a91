// docs/instrument.md: its table names each option of the decorator once and no other. The example above it and the example of each
// row record what the page says.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import ts from 'typescript';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, linksTo, startTracing, type TracingOptions } from '../../runtime/index.js';
import { OPTION_NAMES } from '../../runtime/instrument/options.js';

const page = readFileSync(join(__dirname, '../../docs/instrument.md'), 'utf8');
const [TRACE, CALLER] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, experimentalDecorators: true };

/** Cells of a row of the table: the example, and what it records. */
function cellsOf(option: string): { example: string; records: string } {
  const [row = ''] = new RegExp(`^\\| \`${option}\` \\|.*$`, 'm').exec(page) ?? [];
  const [example = '', records = ''] = row.split(' | ').slice(-2);
  return { example: example.replaceAll('`', ''), records: records.replace(/ \|$/, '') };
}

class NotFound extends Error {}

interface Run {
  readonly options?: TracingOptions;
  /** Body of the method. */
  readonly body?: (id: string) => unknown;
  /** Applied to what the call returned, once its promise has settled. */
  readonly use?: (returned: unknown) => unknown;
  readonly rules?: string;
}

interface Recorded {
  /** The span as the page writes it; empty without one. */
  readonly text: string;
  readonly leaked: number;
  /** Open spans of the method once it has returned. */
  readonly open: number;
  readonly sameTrace: boolean;
}

async function record(
  example: string,
  { options, body = () => ['a', 'b'], use = (value) => value, rules }: Run = {},
): Promise<Recorded> {
  const source = `class Example { @instrument({ ${example} }) run(id) { return body(id); } }\nreturn Example;`;
  const { outputText } = ts.transpileModule(source, { compilerOptions });
  const given = {
    ...{ instrument, linksTo, NotFound, body },
    traceparent: `00-${TRACE}-${CALLER}-01`,
    other: `00-${TRACE}-00f067aa0ba902b7-01`,
  };
  const Example = new Function(...Object.keys(given), outputText)(...Object.values(given)) as new () => {
    run(id: string): unknown;
  };
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'page', enabled: true, exporter, logLevel: 'none', ...options });
  if (rules !== undefined) tracing.setRules(rules);
  let open = 0;
  await instrument({ name: 'around' }, async () => {
    try {
      const returned = new Example().run('m-17');
      open = tracing.state().spans.open - 1;
      await use(await returned);
    } catch {
      // the failure is the span's
    }
  })();
  await tracing.forceFlush();
  const { leaked } = tracing.state().spans;
  const spans = exporter.getFinishedSpans();
  await tracing.shutdown();
  const around = spans.find(({ name }) => name === 'around') as ReadableSpan;
  const [span, ...others] = spans.filter((one) => one !== around);
  assert.equal(others, []);
  const sameTrace = span?.spanContext().traceId === around.spanContext().traceId;
  return { text: span === undefined ? '' : written(span, around), leaked, open, sameTrace };
}

/** A span as the page writes it: the name, then what differs from `Example.run` without options. */
function written(span: ReadableSpan, around: ReadableSpan): string {
  const { name, kind, attributes, parentSpanContext, links, status } = span;
  const namespace = attributes['code.namespace'];
  const parent = parentSpanContext?.spanId ?? 'none';
  const own = Object.entries(attributes).filter(([key]) => !/^(code\.|spanwright\.)/.test(key));
  return [
    name,
    ...(namespace === 'Example' ? [] : [`[${namespace}]`]),
    ...(kind === SpanKind.INTERNAL ? [] : [`kind=${SpanKind[kind].toLowerCase()}`]),
    ...own.map(([key, value]) => `${key}=${value}`),
    ...(parent === around.spanContext().spanId ? [] : [`parent=${parent === CALLER ? 'remote' : parent}`]),
    ...(links.length === 0 ? [] : [`links=${links.length}`]),
    ...(status.code === SpanStatusCode.UNSET ? [] : [`status=${SpanStatusCode[status.code]}`]),
  ].join(' ');
}

const waits = (milliseconds: number) => (): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));
const fails = (error: Error) => (): never => {
  throw error;
};

/** Rows whose span depends on more than the option: what the page says of each of them. */
const FURTHER: Readonly<Record<string, (example: string) => Promise<string>>> = {
  async level(example) {
    assert.is((await record(example)).text, '');
    return `nothing; \`${(await record(example, { rules: 'Example=debug' })).text}\` while a rule is \`Example=debug\``;
  },
  async link(example) {
    const { text, sameTrace } = await record(example);
    assert.ok(sameTrace);
    return `\`${text}\`, in the trace of the other span`;
  },
  async expectedErrors(example) {
    const [expected, other] = [
      await record(example, { body: fails(new NotFound()) }),
      await record(example, { body: fails(new Error()) }),
    ];
    return `\`${expected.text}\`; other errors: \`${other.text}\``;
  },
  async longRunning(example) {
    const run: Run = { options: { maxSpanAge: '40ms', onLeak: 'report' }, body: waits(200) };
    const [without, { text, leaked }] = [await record('', run), await record(example, run)];
    assert.equal([without.leaked > 0, leaked < without.leaked], [true, true], `${without.leaked}, ${leaked}`);
    return `\`${text}\`, not ended as a leak`;
  },
  async until(example) {
    const run: Run = {
      *body() {
        yield 1;
      },
      use: (returned) => [...(returned as Iterable<number>)],
    };
    const [without, { text, open }] = [await record('', run), await record(example, run)];
    assert.equal([without.open, open], [0, 1]);
    return `\`${text}\`, open until the iterator has ended`;
  },
  async minDuration(example) {
    assert.is((await record(example, { body: waits(1) })).text, '');
    return `nothing for a call of 1 ms; \`${(await record(example, { body: waits(60) })).text}\` for one of 60 ms`;
  },
};

test('the table lists each option once, and nothing else', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  assert.equal(rows, [...OPTION_NAMES]);
});

test('without an option the span is the one that the page names', async () => {
  assert.ok(page.includes(`Without an option it is \`${(await record('')).text}\``));
});

for (const option of OPTION_NAMES)
  test(`${option}: the example records what the page says`, async () => {
    const { example, records } = cellsOf(option);
    assert.match(example, new RegExp(`^${option}: `));
    const said = (await FURTHER[option]?.(example)) ?? `\`${(await record(example)).text}\``;
    assert.is(records, said);
  });

test('the example records the spans that the page shows', async () => {
  const [, source = ''] = /```ts\n([\s\S]*?)```/.exec(page) ?? [];
  const exports: { PowerService?: new () => { status(id: string): Promise<string> } } = {};
  new Function('require', 'exports', ts.transpileModule(source, { compilerOptions }).outputText)(() => ({ instrument }), exports);
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'power', enabled: true, exporter, logLevel: 'none' });
  try {
    const service = new (exports.PowerService as NonNullable<typeof exports.PowerService>)();
    assert.is(await service.status('m-17'), 'on');
    assert.is(await service.status('').catch((error: Error) => error.constructor.name), 'NotReady');
    await tracing.forceFlush();
    const [worked, expected] = exporter.getFinishedSpans();
    const { machineId, backend, state } = worked?.attributes ?? {};
    assert.equal([worked?.name, machineId, backend, state], ['PowerService.status', 'm-17', 'nsm', 'on']);
    assert.equal([expected?.name, expected?.status.code, expected?.events.length], ['PowerService.status', 0, 0]);
  } finally {
    await tracing.shutdown();
  }
});

test.run();
