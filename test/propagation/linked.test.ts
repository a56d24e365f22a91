// `link: 'same-trace'`: a span in the trace of its upstream span and links to it, without being its child; and what
// the `parent` option does with carriers of every sort.

import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { carriers, extract, inject, instrument, linksTo, withRemoteContext } from '../../runtime/index.js';
import { traced } from '../gate/tracing.js';

interface Message {
  readonly headers: Record<string, string>;
}
const events = carriers.document({ module: 'drainer', upstream: 'quarantine' });

const inner = instrument({ name: 'inner' }, () => inject({}) as Record<string, string>);
const consume = instrument(
  { name: 'consume', parent: (message: Message) => message.headers, link: 'same-trace' },
  (_message: Message) => inner(),
);
const child = instrument({ name: 'child', parent: (message: Message) => message.headers }, (_message: Message) => inner());
const drain = instrument(
  { name: 'drain', parent: (event: object) => extract(event, events), link: 'same-trace' },
  (_event: object) => inner(),
);
const beside = instrument({ name: 'beside', link: 'same-trace' }, () => inner());
const batch = instrument(
  { name: 'batch', links: (messages: Message[]) => linksTo(messages.map(({ headers }) => headers)) },
  (_messages: Message[]) => 0,
);

const publish = instrument({ name: 'publish' }, () => ({ headers: inject({}) as Record<string, string> }));

const message = (flags = '01'): Message => ({ headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-${flags}` } });
const named = (spans: readonly ReadableSpan[], name: string): ReadableSpan =>
  spans.find((span) => span.name === name) as ReadableSpan;
const parent = (span: ReadableSpan): string | undefined => span.parentSpanContext?.spanId;

test('a consumer links to the producer in its trace and has no parent; what is below it is its child', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const sent = publish();
    consume(sent);
    const all = await spans();
    const [from, to, below] = [named(all, 'publish'), named(all, 'consume'), named(all, 'inner')];
    assert.is(to.spanContext().traceId, from.spanContext().traceId);
    assert.is(parent(to), undefined);
    assert.equal(
      to.links.map(({ context }) => context.spanId),
      [from.spanContext().spanId],
    );
    assert.is(parent(below), to.spanContext().spanId);
    assert.is(below.spanContext().traceId, from.spanContext().traceId);
  }));

test('without the option `link` the upstream span is the parent', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const sent = publish();
    child(sent);
    const all = await spans();
    assert.is(parent(named(all, 'child')), named(all, 'publish').spanContext().spanId);
    assert.equal(named(all, 'child').links, []);
  }));

test('the context that is active counts as upstream where no parent is given', () =>
  traced({ enabled: true }, async ({ spans }) => {
    withRemoteContext(message().headers, () => beside());
    const [span] = (await spans()).filter(({ name }) => name === 'beside');
    assert.is(span?.spanContext().traceId, 'a'.repeat(32));
    assert.is(span && parent(span), undefined);
    assert.equal(
      span?.links.map(({ context }) => context.spanId),
      ['b'.repeat(16)],
    );
  }));

test('without an upstream context the span is an ordinary root without links', () =>
  traced({ enabled: true }, async ({ spans }) => {
    consume({ headers: {} });
    consume({ headers: { traceparent: `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01` } });
    beside();
    const roots = (await spans()).filter(({ name }) => name !== 'inner');
    assert.is(roots.length, 3);
    assert.is(new Set(roots.map((span) => span.spanContext().traceId)).size, 3);
    for (const root of roots) assert.ok(parent(root) === undefined && root.links.length === 0);
  }));

test('a document that names a trace but no span: the trace is joined, without a link', () =>
  traced({ enabled: true }, async ({ spans }) => {
    drain({ trace_id: 'c'.repeat(32), span_ids: {} });
    drain({ trace_id: 'c'.repeat(32), span_ids: { quarantine: 'd'.repeat(16) } });
    drain({ trace_id: '0'.repeat(32), span_ids: { quarantine: 'd'.repeat(16) } });
    const [alone, linked, fresh] = (await spans()).filter(({ name }) => name === 'drain') as [
      ReadableSpan,
      ReadableSpan,
      ReadableSpan,
    ];
    assert.is(alone.spanContext().traceId, 'c'.repeat(32));
    assert.equal(alone.links, []);
    assert.equal(
      linked.links.map(({ context }) => context.spanId),
      ['d'.repeat(16)],
    );
    assert.is.not(fresh.spanContext().traceId, '0'.repeat(32));
    for (const span of [alone, linked, fresh]) assert.is(parent(span), undefined);
  }));

test('the events of one batch are siblings in its trace', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const sent = publish();
    for (let event = 0; event < 3; event++) consume(sent);
    const all = await spans();
    const consumed = all.filter(({ name }) => name === 'consume');
    assert.is(consumed.length, 3);
    for (const span of consumed) {
      assert.is(span.spanContext().traceId, named(all, 'publish').spanContext().traceId);
      assert.is(parent(span), undefined);
      assert.is(span.links.length, 1);
    }
  }));

test('one span of a batch links to the senders of all its messages', () =>
  traced({ enabled: true }, async ({ spans }) => {
    batch([publish(), { headers: {} }, publish()]);
    const all = await spans();
    const senders = all.filter(({ name }) => name === 'publish').map((span) => span.spanContext().spanId);
    assert.equal(
      named(all, 'batch').links.map(({ context }) => context.spanId),
      senders,
    );
  }));

test('an upstream that is not sampled is not recorded, and its trace continues unsampled', () =>
  traced({ enabled: true }, async ({ spans }) => {
    for (const work of [consume, child]) {
      const onward = work(message('00'));
      assert.match(onward.traceparent as string, new RegExp(`^00-${'a'.repeat(32)}-${'b'.repeat(16)}-00$`));
    }
    assert.equal(await spans(), []);
  }));

test('with the flag off a sampled upstream is still recorded, unless it is to be ignored', async () => {
  await traced({ enabled: false }, async ({ expectSpans }) => {
    withRemoteContext(message().headers, () => consume(message()));
    await expectSpans('consume | link bbbbbbbbbbbbbbbb', '  inner');
  });
  await traced({ enabled: false, remoteParent: 'ignore' }, async ({ expectSpans }) => {
    withRemoteContext(message().headers, () => consume(message()));
    await expectSpans();
  });
  await traced({ enabled: true, remoteParent: 'ignore' }, async ({ spans }) => {
    consume(message());
    const span = named(await spans(), 'consume');
    assert.is(span.spanContext().traceId, 'a'.repeat(32));
    assert.is(parent(span), undefined);
  });
});

test('a parent that is a Context, a Span or a SpanContext serves as well as a carrier', () =>
  traced({ enabled: true }, async ({ spans }) => {
    const context = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    const forms = [
      context,
      trace.wrapSpanContext(context),
      trace.setSpanContext(ROOT_CONTEXT, context),
      JSON.stringify(message().headers),
    ];
    for (const form of forms) instrument({ name: 'formed', parent: () => form as object }, () => 0)();
    const found = await spans();
    assert.is(found.length, forms.length);
    for (const span of found) assert.is(parent(span), 'b'.repeat(16));
  }));

test('an unknown value of the option `link` throws', () => {
  assert.throws(
    () => instrument({ link: 'same' as 'same-trace' }, () => 0),
    /option "link": found the string "same"; expected "same-trace"/,
  );
});

test.run();
