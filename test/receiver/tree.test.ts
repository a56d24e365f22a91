// The trace printer: what a person reads. Spans are written by hand, since a tree's shape and text are the subject.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';
import { TracePrinter } from '../../viewer/receiver/printer.js';
import { formatDuration, formatTrace, groupTraces } from '../../viewer/receiver/tree.js';

function span(
  spanId: string,
  parentSpanId: string,
  startMs: number,
  endMs: number,
  more: Partial<ReceivedSpan> = {},
): ReceivedSpan {
  return {
    resource: { attributes: {} },
    scope: { name: 's', version: '', attributes: {} },
    traceId: 't1',
    spanId,
    parentSpanId,
    traceState: '',
    flags: 257,
    name: `span ${spanId}`,
    kind: 'internal',
    startTimeUnixNano: String(BigInt(Math.round(startMs * 1e6))),
    endTimeUnixNano: String(BigInt(Math.round(endMs * 1e6))),
    attributes: {},
    events: [],
    links: [],
    status: { code: 'unset', message: '' },
    dropped: { attributes: 0, events: 0, links: 0 },
    ...more,
  };
}

test('children are below their parent in order of start, with branches that join', () => {
  const text = formatTrace([
    span('c', 'a', 3, 4),
    span('d', 'b', 1.5, 1.75),
    span('b', 'a', 1, 2),
    span('a', '', 0, 5, { attributes: { 'code.namespace': 'carbide::rpc', backend: 'nsm' } }),
  ]);
  assert.is(
    text,
    ['span a  5.0 ms  [carbide::rpc]  backend=nsm', '├─ span b  1.0 ms', '│  └─ span d  250 µs', '└─ span c  1.0 ms'].join('\n'),
  );
});

test('a parent comes before its child where both start at the same time', () => {
  const names = groupTraces([span('c', 'b', 1, 2), span('b', 'a', 1, 3), span('a', '', 1, 4)]).map((trace) =>
    trace.map(({ name }) => name),
  );
  assert.equal(names, [['span a', 'span b', 'span c']]);
});

test('a failed span has a mark, its reason and the first frame; its ancestors have the mark only', () => {
  const failed = { code: 'error', message: 'refused' } as const;
  const lines = formatTrace([
    span('a', '', 0, 5, { status: failed }),
    span('b', 'a', 1, 2, {
      status: failed,
      events: [
        {
          name: 'exception',
          timeUnixNano: '0',
          attributes: {
            'exception.type': 'RefusedError',
            'exception.message': 'refused',
            'exception.stacktrace': 'RefusedError: refused\n    at update (src/rms.ts:40:7)\n    at next (x.ts:1:1)',
          },
        },
      ],
    }),
  ]).split('\n');
  assert.match(lines[0] ?? '', /^✗ span a/);
  assert.match(lines[1] ?? '', /^└─ ✗ span b/);
  assert.is((lines[2] ?? '').trim(), '✗ RefusedError: refused (at update (src/rms.ts:40:7))');
  assert.is(lines.length, 3);
});

test('a failure without an exception event names the site as its place', () => {
  const text = formatTrace([
    span('a', '', 0, 5, {
      status: { code: 'error', message: 'no' },
      attributes: { 'error.type': 'X', 'code.file.path': 'src/a.ts', 'code.line.number': 7 },
    }),
  ]);
  assert.match(text, /✗ X: no \(at src\/a\.ts:7\)/);
});

test('shows a failed root span even when nothing is known of the failure', () => {
  assert.match(formatTrace([span('a', '', 0, 5, { status: { code: 'error', message: '' } })]), /✗ failed, without a reason/);
});

test('only the attributes asked for are shown', () => {
  const text = formatTrace([span('a', '', 0, 1, { attributes: { keep: 1, hide: 2 } })], { attributes: ['keep', 'absent'] });
  assert.match(text, /keep=1$/);
  assert.not.match(text, /hide|absent/);
});

test('a span whose parent did not arrive is shown as a root, and a circle of parents is reported, not followed', () => {
  assert.match(formatTrace([span('a', 'gone', 0, 1)]), /^span a/);
  const circle = formatTrace([span('a', '', 0, 1), span('x', 'y', 0, 1), span('y', 'x', 0, 1)]);
  assert.match(circle, /2 more spans name each other as parents/);
});

test('links are shown where asked for: by name within the trace, by ids to others, and no more than three', () => {
  const link = (traceId: string, spanId: string) => ({ traceId, spanId, traceState: '', attributes: {}, flags: 0 });
  const spans = [
    span('a', '', 0, 9),
    span('b', 'a', 1, 2, { name: 'ingest\n' }),
    span('c', 'a', 3, 4, { attributes: { key: 1 }, links: [link('t1', 'b'), link('t2', 'b')] }),
    span('d', 'a', 5, 6, { links: [link('t1', 'gone')] }),
    span('e', 'a', 7, 8, { links: ['1', '2', '3', '4', '5'].map((id) => link('t2', id)) }),
  ];
  assert.equal(formatTrace(spans, { links: true }).split('\n'), [
    'span a  9.0 ms',
    '├─ ingest\\u000a  1.0 ms',
    '├─ span c  1.0 ms  key=1  ↗ ingest\\u000a  ↗ t2/b',
    '├─ span d  1.0 ms  ↗ t1/gone',
    '└─ span e  1.0 ms  ↗ t2/1  ↗ t2/2  ↗ t2/3 and 2 more',
  ]);
  assert.not.match(formatTrace(spans), /↗/);
});

test('control characters of a span do not reach the terminal', () => {
  const text = formatTrace([span('a', '', 0, 1, { name: '\u001b[2Jgone\n', attributes: { k: '\u202eabc' } })]);
  assert.equal(
    ['\u001b', '\u202e', '\n'].filter((character) => text.includes(character)),
    [],
  );
  assert.match(text, /\\u001b\[2Jgone\\u000a/);
});

test('a chain deeper than the call stack is printed', () => {
  const chain = Array.from({ length: 20_000 }, (_, index) =>
    span(`s${index}`, index === 0 ? '' : `s${index - 1}`, index, index + 1),
  );
  const shallow = formatTrace(chain.slice(0, 3)).split('\n');
  assert.is(shallow.length, 3);
  assert.is(formatTrace(chain.slice(0, 3000)).split('\n').length, 3000);
});

test('traces are grouped in order of their first start', () => {
  const groups = groupTraces([span('b', '', 9, 10, { traceId: 't2' }), span('a', '', 1, 2), span('c', 'a', 3, 4)]);
  assert.equal(
    groups.map((group) => group.map((one) => one.spanId)),
    [['a', 'c'], ['b']],
  );
});

for (const [startMs, endMs, text] of [
  [0, 0, '0 µs'],
  [0, 0.4567, '457 µs'],
  [0, 12.34, '12.3 ms'],
  [0, 2500, '2.50 s'],
] as const) {
  test(`a span of ${endMs} ms reads "${text}"`, () => assert.is(formatDuration(span('a', '', startMs, endMs)), text));
}

test('the printer holds a trace until it is flushed, and prints it once', () => {
  let out = '';
  const printer = new TracePrinter((line) => {
    out += `${line}\n`;
  });
  printer.add([span('a', '', 0, 2)]);
  printer.add([span('b', 'a', 1, 2)]);
  assert.is(out, '');
  printer.flush();
  printer.flush();
  assert.match(out, /^\ntrace t1 {2}2 spans\nspan a {2}2\.0 ms\n└─ span b {2}1\.0 ms\n$/);
});

test.run();
