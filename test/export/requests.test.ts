// Requests of the OTLP exporter: how many spans one holds, when its bytes are made and used again, and what an answer reports. The
// carrier is the test.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Carrier, MOST_BYTES, OtlpExporter, type Serializer } from '../../runtime/export/otlp.js';
import type { ExportResult, ReadableSpan } from '../../runtime/sdk/contracts.js';
import { SpanGenerator } from './generator.js';

const generator = new SpanGenerator(3);
const common = { ...generator.span(), attributes: {}, constantAttributes: undefined, events: [], links: [] };
/** A span whose name has so many characters. */
const span = (characters = 1): ReadableSpan => ({ ...common, name: 'n'.repeat(characters) }) as never;

interface Sent {
  readonly body: Uint8Array;
  readonly limit: number;
}

function bench(
  answer: (serializer: Serializer, number: number) => ExportResult = () => ({ code: 0 }),
  read: (bytes: Uint8Array) => object = () => ({}),
) {
  const sent: Sent[] = [];
  let closed = 0;
  let carriers = 0;
  let prepared = 0;
  const carry = (serializer: Serializer): Carrier => {
    carriers++;
    return {
      prepare: async () => void prepared++,
      async send(items, limit) {
        sent.push({ body: serializer.serializeRequest(items), limit });
        return answer(serializer, sent.length);
      },
      close: () => void closed++,
    };
  };
  const exporter = new OtlpExporter(carry, read, 5000);
  const send = (spans: ReadableSpan[], limit?: number) =>
    new Promise<ExportResult>((resolve) => exporter.export(spans, resolve, limit));
  return { exporter, sent, send, counts: () => [carriers, prepared, closed] };
}

test('a request holds all spans up to the limit of Collectors, else as many as fit, and one at least', async () => {
  const { exporter, send, sent } = bench();
  const sizeOf = async (spans: ReadableSpan[]): Promise<number> => {
    await send(spans);
    return sent.at(-1)?.body.length ?? 0;
  };
  // the lengths of the names take as many bytes as those of the names below
  const rest = (await sizeOf([span(3_000_000), span(1_000_000)])) - 4_000_000;
  const exact = [span(3_000_000), span(MOST_BYTES - rest - 3_000_000)];
  assert.is(exporter.fit(exact), 2);
  assert.is(await sizeOf(exact), MOST_BYTES);
  assert.is(exporter.fit([span(3_000_000), span(MOST_BYTES - rest - 3_000_000 + 1)]), 1);
  assert.is(exporter.fit([span(5_000_000)]), 1);
  assert.is(exporter.fit([span(5_000_000), span()]), 1);
  assert.is(exporter.fit([span()]), 1);
  assert.is(exporter.fit([span(4_000_000), span(100_000), span(200_000)]), 2);
  assert.is(MOST_BYTES, 4_193_280, 'a kibibyte below 4 MiB, for the frame');
  let reads = 0;
  const counted = Object.defineProperty({ ...span() }, 'name', { get: () => 'n'.repeat(100_000 + 0 * reads++) });
  const many = Array.from({ length: 100 }, () => counted as ReadableSpan);
  // a tenth is left, because spans differ in size
  assert.is(exporter.fit(many), 37);
  const before = reads;
  assert.ok((await sizeOf(many.slice(0, 37))) <= MOST_BYTES);
  assert.is(reads, before, 'encoded once');
});

test('the limit of an attempt is the shorter one, and a millisecond at least', async () => {
  const { send, sent } = bench();
  for (const limit of [undefined, 6000, 300, 0, -5]) await send([span()], limit);
  assert.equal(
    sent.map(({ limit }) => limit),
    [5000, 5000, 300, 1, 1],
  );
});

test('the bytes are made once for all attempts with the same spans, and their memory is used again after a success', async () => {
  const { exporter, send, sent } = bench((_, number) => ({ code: number === 1 ? 1 : 0 }));
  const spans = [span(), span()];
  assert.is(exporter.fit(spans), 2);
  await send([...spans]);
  await send(spans);
  assert.is(sent[0]?.body, sent[1]?.body);
  await send(spans);
  assert.is.not(sent[2]?.body, sent[1]?.body, 'after a success nothing is kept');
  assert.is.not(sent[2]?.body.buffer, sent[1]?.body.buffer, 'a failed attempt may still read its bytes');
  await send([span()]);
  assert.is(sent[3]?.body.buffer, sent[2]?.body.buffer);
});

test('other spans are encoded, also where their number is the same', async () => {
  const { send, sent } = bench(() => ({ code: 1 }));
  const first = span(5);
  for (const spans of [[first, span(6)], [first, span(70)], [first]]) await send(spans);
  assert.is(new Set(sent.map(({ body }) => body.length)).size, 3);
});

test('rejected spans and messages of an answer are a remark; an answer without either, or that cannot be read, is none', async () => {
  const answers: (() => object)[] = [];
  const { send } = bench(
    (serializer) => {
      assert.equal(serializer.deserializeResponse(new Uint8Array(2)), {});
      return { code: 0 };
    },
    () => (answers.shift() as () => object)(),
  );
  for (const [partialSuccess, remark] of [
    [undefined, undefined],
    [null, undefined],
    [{}, undefined],
    [{ rejectedSpans: 0, errorMessage: '' }, undefined],
    [{ rejectedSpans: 1 }, { rejected: 1, message: '' }],
    [
      { rejectedSpans: '3', errorMessage: 'why' },
      { rejected: 3, message: 'why' },
    ],
    [{ errorMessage: 'why' }, { rejected: 0, message: 'why' }],
    [
      { rejectedSpans: -1, errorMessage: 'why' },
      { rejected: 0, message: 'why' },
    ],
    [
      { rejectedSpans: 2 ** 63, errorMessage: 'why' },
      { rejected: 0, message: 'why' },
    ],
    [
      { rejectedSpans: 2 ** 62, errorMessage: '' },
      { rejected: 2 ** 62, message: '' },
    ],
  ] as const) {
    answers.push(() => ({ partialSuccess }));
    assert.equal(await send([span()]), remark === undefined ? { code: 0 } : { code: 0, remark });
  }
  answers.push(() => {
    throw new Error('no protobuf');
  });
  assert.equal(await send([span()]), { code: 0 });
});

test('an empty answer, which says that all is well, is not decoded', async () => {
  let decoded = 0;
  const { send } = bench(
    (serializer) => {
      serializer.deserializeResponse(new Uint8Array());
      return { code: 0 };
    },
    () => ({ partialSuccess: { rejectedSpans: ++decoded } }),
  );
  assert.equal([await send([span()]), decoded], [{ code: 0 }, 0]);
});

test('a remark belongs to the success of its own attempt', async () => {
  const { send } = bench(
    (serializer, number) => {
      if (number === 1) serializer.deserializeResponse(new Uint8Array(2));
      return { code: number === 1 ? 1 : 0 };
    },
    () => ({ partialSuccess: { rejectedSpans: 1 } }),
  );
  assert.equal(await send([span()]), { code: 1 });
  assert.equal(await send([span()]), { code: 0 });
});

test('one carrier is prepared and closed; nothing is sent after a shutdown', async () => {
  const { exporter, send, sent, counts } = bench();
  await exporter.shutdown();
  exporter.disconnect();
  assert.equal(counts(), [0, 0, 0]);
  const other = bench();
  await other.exporter.prepare();
  await other.send([span()]);
  other.exporter.disconnect();
  await other.send([span()]);
  assert.equal(other.counts(), [1, 3, 1]);
  await other.exporter.shutdown();
  assert.equal(other.counts(), [1, 3, 2]);
  const { code, error } = await send([span()]);
  assert.equal([code, (error as Error).message, sent.length], [1, 'the exporter is shut down', 0]);
});

test('a span that cannot be encoded fails the attempt', async () => {
  const { send } = bench();
  const broken = Object.defineProperty({ ...common }, 'name', {
    get: () => {
      throw new Error('broken');
    },
  }) as never;
  const { code, error } = await send([broken]);
  assert.equal([code, (error as Error).message], [1, 'broken']);
});

test.run();
