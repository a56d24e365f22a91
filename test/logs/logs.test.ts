// Trace ids in the lines of real loggers, inside an active span only, and the way back from each of these lines to its trace.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import bunyan from 'bunyan';
import pino from 'pino';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import winston from 'winston';
import { instrument, withRemoteContext } from '../../runtime/index.js';
import {
  bunyanStream,
  consoleLogger,
  formatLogfmt,
  pinoMixin,
  readTraceFields,
  TRACE_FIELD_PATTERNS,
  traceFields,
  traceUrl,
  winstonFormat,
  winstonLogfmt,
} from '../../runtime/logs/index.js';
import { traced } from '../gate/tracing.js';

class Lines extends Writable {
  readonly lines: string[] = [];
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.lines.push(...chunk.toString().split('\n').filter(Boolean));
    done();
  }
}

const TEXT = 'drained "n 1"\nlevel=forged';
const LOGGERS: Record<string, (to: Lines) => (text: string) => void> = {
  pino: (to) => {
    const logger = pino({ mixin: pinoMixin() }, to);
    return (text) => logger.info({ node: 'n1' }, text);
  },
  'pino with a mixin of its own': (to) => {
    const logger = pino({ mixin: pinoMixin((_merge, level) => ({ numeric: level, trace_id: 'own' })) }, to);
    return (text) => logger.info({ node: 'n1' }, text);
  },
  'a child of pino': (to) => {
    const logger = pino({ mixin: pinoMixin() }, to).child({ module: 'drainer' });
    return (text) => logger.info({ node: 'n1' }, text);
  },
  'winston as JSON': (to) => {
    const format = winston.format.combine(winstonFormat() as winston.Logform.Format, winston.format.json());
    const logger = winston.createLogger({ format, transports: [new winston.transports.Stream({ stream: to })] });
    return (text) => void logger.info(text, { node: 'n1' });
  },
  'winston as logfmt': (to) => {
    const format = winston.format.combine(winstonFormat() as winston.Logform.Format, winstonLogfmt() as winston.Logform.Format);
    const logger = winston.createLogger({ format, transports: [new winston.transports.Stream({ stream: to })] });
    return (text) => void logger.info(text, { node: 'n1' });
  },
  bunyan: (to) => {
    const logger = bunyan.createLogger({ name: 'drainer', streams: [{ type: 'raw', stream: bunyanStream(to) as never }] });
    return (text) => logger.info({ node: 'n1' }, text);
  },
  'the console as JSON': (to) => {
    const logger = consoleLogger({ stream: to, fields: { module: 'drainer' } });
    return (text) => logger.info({ node: 'n1' }, text);
  },
  'the console as logfmt': (to) => {
    const logger = consoleLogger({ stream: to, form: 'logfmt' });
    return (text) => logger.info({ node: 'n1' }, text);
  },
};

/** The expressions as the document gives them to Grafana. */
function documented(): { trace_id: RegExp; span_id: RegExp } {
  const text = readFileSync(join(__dirname, '../../docs/logs.md'), 'utf8');
  const of = (name: string): RegExp =>
    new RegExp((new RegExp(`^${name} +(\\(.*)$`, 'm').exec(text) as RegExpExecArray)[1] as string);
  return { trace_id: of('trace_id'), span_id: of('span_id') };
}
const DOCUMENTED = documented();

for (const [name, make] of Object.entries(LOGGERS)) {
  test(`${name}: a line has the ids of the active span, and leads to its trace`, () =>
    traced({ enabled: true }, async ({ spans }) => {
      const to = new Lines();
      const log = make(to);
      instrument({ name: 'drain' }, () => log(TEXT))();
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.is(to.lines.length, 1, 'a line break in a message makes no second line');
      const line = to.lines[0] as string;
      const { traceId, spanId } = ((await spans())[0] as { spanContext(): { traceId: string; spanId: string } }).spanContext();
      assert.is(DOCUMENTED.trace_id.exec(line)?.[1], traceId);
      assert.is(DOCUMENTED.span_id.exec(line)?.[1], spanId);
      assert.match(line, /trace_flags"?[:=]"?01/);
      assert.match(line, 'n1');
      assert.is(
        traceUrl('https://jaeger.example.com/trace/{trace_id}?span={span_id}')(line),
        `https://jaeger.example.com/trace/${traceId}?span=${spanId}`,
      );
      if (line.startsWith('{')) {
        const record = JSON.parse(line) as Record<string, string>;
        assert.equal(
          [record.trace_id, record.span_id, record.trace_flags, record.msg ?? record.message],
          [traceId, spanId, '01', TEXT],
        );
      }
    }));

  test(`${name}: no ids outside a span, and no address`, () =>
    traced({ enabled: true }, async () => {
      const to = new Lines();
      make(to)('idle');
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.is(to.lines.length, 1);
      assert.not.match(to.lines[0] as string, /span_id|trace_flags|trace_id"?[:=]"?[0-9a-f]{32}/);
      assert.is(traceUrl('https://jaeger.example.com/trace/{trace_id}')(to.lines[0] as string), undefined);
    }));
}

test('log lines in a trace that only passes through have flags 00', () =>
  traced({ enabled: false }, () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
    withRemoteContext({ traceparent }, () => {
      assert.equal(traceFields(), { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16), trace_flags: '00' });
    });
    assert.equal(traceFields(), {});
    const invalid = trace.setSpanContext(ROOT_CONTEXT, { traceId: '0'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 });
    assert.equal(traceFields(invalid), {});
  }));

test('logfmt quotes ambiguous values, and nothing else', () => {
  const rows: [unknown, string][] = [
    ['plain', 'plain'],
    ['a.b-c_d/e:1,2', 'a.b-c_d/e:1,2'],
    ['Tür', 'Tür'],
    ['', '""'],
    ['two words', '"two words"'],
    ['a=b', '"a=b"'],
    ['say "x"', '"say \\"x\\""'],
    ['back\\slash', '"back\\\\slash"'],
    ['line\nbreak\r\t', '"line\\nbreak\\r\\t"'],
    ['\u0000\u001b[31m\u007f', '"\\u0000\\u001b[31m\\u007f"'],
    ['\u2028\u202e\ufeff', '"\\u2028\\u202e\\ufeff"'],
    ['\ud800', '"\\ud800"'],
    ['😀', '😀'],
    [0, '0'],
    [-1.5, '-1.5'],
    [Number.NaN, 'NaN'],
    [10n, '10'],
    [true, 'true'],
    [null, 'null'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new Date(Number.NaN), 'null'],
    [['a', 1], '"[\\"a\\",1]"'],
    [{ a: 1n }, '"{\\"a\\":\\"1\\"}"'],
  ];
  for (const [value, expected] of rows) assert.is(formatLogfmt({ key: value }), `key=${expected}`);
  assert.is(formatLogfmt({ a: undefined, b: () => 0, c: Symbol('x'), d: 1 }), 'd=1');
  assert.is(formatLogfmt({ 'a b="c\n': 1, '': 2 }), 'a_b__c_=1 _=2');
});

test('what logfmt prints reads back as it was', () => {
  const read = (line: string): Record<string, string> =>
    Object.fromEntries(
      [...line.matchAll(/([^ =]+)=("(?:[^"\\]|\\.)*"|[^ ]*)/gu)].map(([, key, value]) => [
        key,
        value?.startsWith('"') ? JSON.parse(value) : value,
      ]),
    );
  for (const value of ['a b', '"', '\\', '\\"', 'x=y', '\n\t\u0007', '', 'trace_id=1', '日本 語']) {
    assert.equal(read(formatLogfmt({ first: 1, value, last: 2 })), { first: '1', value, last: '2' });
  }
});

test('a circular record, and one that holds an error, is one line too', () => {
  const to = new Lines();
  const log = consoleLogger({ stream: to, level: 'debug' });
  const loop: Record<string, unknown> = { name: 'loop', twice: [{ a: 1 }, { a: 1 }] };
  loop.self = loop;
  const shared = { b: 1 };
  log.debug({ loop, one: shared, two: shared }, 'x');
  log.error(Object.assign(new Error('refused', { cause: new Error('why') }), { code: 'E1' }));
  log.warn('%s of %d', 'one', 2);
  log.info(
    {
      get bad() {
        throw new Error('no');
      },
    } as object,
    'x',
  );
  const [first, second, third, fourth] = to.lines.map((line) => JSON.parse(line));
  assert.is(first.loop.self, '[circular]');
  assert.equal([first.one, first.two], [{ b: 1 }, { b: 1 }]);
  assert.equal([second.msg, second.error.code, second.error.cause.message, second.level], ['refused', 'E1', 'why', 'error']);
  assert.is(third.msg, 'one of 2');
  assert.is(fourth.msg, 'a log record cannot be read');
});

test('levels below the lowest are not printed', () => {
  const to = new Lines();
  const log = consoleLogger({ stream: to, level: 'warn' });
  log.info('x');
  log.debug('x');
  log.warn('y');
  assert.is(to.lines.length, 1);
});

test('the documented expressions are those of the package, and take ids from other loggers too', () => {
  for (const name of ['trace_id', 'span_id'] as const)
    assert.is(DOCUMENTED[name].source, new RegExp(TRACE_FIELD_PATTERNS[name]).source);
  const id = '0af7651916cd43dd8448eb211c80319c';
  for (const line of [
    `2024-01-15 | INFO | trace_id=${id} span_id=b7ad6b7169203331 | x`,
    `{"trace_id": "${id}"}`,
    `{"a":1,"trace_id" : "${id}"}`,
    `trace_id="${id}"`,
  ])
    assert.is(DOCUMENTED.trace_id.exec(line)?.[1], id);
  for (const line of [
    `parent_trace_id=${id}`,
    `trace_id=${id}0`,
    `trace_id=${id.toUpperCase()}`,
    `my.trace_id=${id}`,
    `"msg":"trace_id is ${id}"`,
  ])
    assert.is(DOCUMENTED.trace_id.exec(line), null, line);
});

test('an address contains only ids, and only http addresses are created', () => {
  const addressOf = traceUrl('https://x.example/t/{trace_id}');
  for (const line of [
    { trace_id: '../../admin' },
    { trace_id: 'a'.repeat(31) },
    { trace_id: '0'.repeat(32) },
    {},
    'trace_id=javascript:alert(1)',
    `trace_id=${'0'.repeat(32)}`,
  ])
    assert.is(addressOf(line), undefined);
  assert.is(addressOf({ trace_id: 'a'.repeat(32) }), `https://x.example/t/${'a'.repeat(32)}`);
  assert.equal(readTraceFields(`trace_id=${'a'.repeat(32)} span_id=zz`), { trace_id: 'a'.repeat(32) });
  for (const template of [
    'javascript:{trace_id}',
    'https://x.example/',
    'https://{trace_id}.example/',
    'nothing',
    'ftp://x/{trace_id}',
    '',
  ])
    assert.throws(() => traceUrl(template), /expected an http or https URL with \{trace_id\}/);
});

test('values whose members throw do not make logging fail', () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const unprintable = {
    toJSON() {
      throw proxy;
    },
  };
  assert.is(formatLogfmt({ a: 1, proxy, b: 2 }), 'a=1 proxy=[unreadable] b=2');
  assert.match(formatLogfmt({ unprintable }), /cannot be printed/);
  for (const form of ['json', 'logfmt'] as const) {
    const to = new Lines();
    const log = consoleLogger({ form, stream: to });
    for (const value of [proxy, unprintable]) log.info({ value }, 'text');
    assert.is(to.lines.length, 2, form);
  }
});

test.run();
