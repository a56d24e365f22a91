// Exceptions are recorded as span events, as log records, or both, as OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN says.

import { INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, startTracing } from '../../runtime/index.js';
import { buildExceptionLog } from '../../runtime/setup/exception-log.js';
import { expectSpans } from '../expected-spans.js';

const records = new InMemoryLogRecordExporter();
logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: records })] }));
console.warn = () => {};

const fails = instrument({ name: 'fails' }, function fails(): never {
  throw new RangeError('too far');
});
const passes = instrument({ name: 'passes' }, () => fails());

/** The spans of one failing call, under a value of the variable. */
async function failed(signal: string | undefined): Promise<ReadableSpan[]> {
  const exporter = new InMemorySpanExporter();
  if (signal === undefined) delete process.env.OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN;
  else process.env.OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN = signal;
  const tracing = await startTracing({ exporter: exporter as never, enabled: true });
  assert.throws(() => passes(), /too far/);
  await tracing.forceFlush();
  const spans = exporter.getFinishedSpans();
  await tracing.shutdown();
  return spans;
}

test.before.each(() => records.reset());

for (const [signal, events, emitted] of [
  [undefined, 1, 0],
  ['', 1, 0],
  ['logs', 0, 1],
  ['logs/dup', 1, 1],
] as const) {
  test(`${signal === undefined ? 'unset' : JSON.stringify(signal)}: ${events} span event, ${emitted} log record`, async () => {
    const spans = await failed(signal);
    const error = 'error.type="RangeError" | error "too far"';
    expectSpans(spans, `passes | ${error}`, `  fails | ${error}${' | event exception'.repeat(events)}`);
    const found = records.getFinishedLogRecords();
    assert.is(found.length, emitted);
    for (const record of found) {
      assert.is(record.severityText, 'ERROR');
      assert.is(record.attributes['exception.type'], 'RangeError');
      assert.is(record.attributes['exception.message'], 'too far');
      assert.match(String(record.attributes['exception.stacktrace']), /RangeError: too far/);
      assert.is(record.spanContext?.spanId, spans[0]?.spanContext().spanId);
      assert.is(record.instrumentationScope.name, 'spanwright');
    }
  });
}

test('another value is reported with the variable, and exceptions stay span events', async () => {
  process.env.OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN = 'log';
  const lines: string[] = [];
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({
    exporter,
    enabled: true,
    logger: ({ message, detail }) => void lines.push(`${message} ${detail}`),
  });
  try {
    assert.throws(() =>
      instrument({ namespace: 'a', name: 'fails' }, () => {
        throw new RangeError('too far');
      })(),
    );
    await tracing.forceFlush();
    assert.equal(
      exporter.getFinishedSpans()[0]?.events.map(({ name }) => name),
      ['exception'],
    );
    assert.is(lines.filter((line) => line.includes('OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN')).length, 1, lines.join('\n'));
  } finally {
    delete process.env.OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN;
    await tracing.shutdown();
  }
});

test('without the package of the logs API exceptions stay span events, which is logged', () => {
  const lines: string[] = [];
  const missing = () => undefined;
  assert.is(
    buildExceptionLog('logs', (code, detail) => lines.push(`${code} ${detail}`), missing),
    undefined,
  );
  assert.equal(lines, ['SPW017 the package @opentelemetry/api-logs is not installed: npm install @opentelemetry/api-logs']);
});

test('a logger that fails does not affect the program', () => {
  const lines: string[] = [];
  const broken = () => ({
    logs: {
      getLogger: () => {
        throw new Error('no logger');
      },
    },
  });
  const log = buildExceptionLog('logs', (code, detail) => lines.push(`${code} ${detail}`), broken);
  log?.emit({}, trace.wrapSpanContext(INVALID_SPAN_CONTEXT));
  assert.equal(lines, ['SPW007 log record of an exception: no logger']);
});

test.run();
