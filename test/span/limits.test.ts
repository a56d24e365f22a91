// Limits of attributes hold for every source: the site, callbacks, arguments, events and links. The SDK's tracer is the reference.

import { BasicTracerProvider, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, startSpan } from '../../runtime/index.js';
import { state } from '../../runtime/state.js';
import { traced } from '../gate/tracing.js';

const LIMITS = { spanAttributeCountLimit: 4, attributeValueLengthLimit: 5 };
const CONSTANT = { c1: 'constant-long', c2: ['123456789'], c3: 'x', c4: 'y', c5: 'z' };

function ofTheSdk(attributes: object, later: [string, string][]): ReadableSpan {
  const exporter = new InMemorySpanExporter();
  const spanLimits = { attributeCountLimit: 4, attributeValueLengthLimit: 5 };
  const provider = new BasicTracerProvider({ spanLimits, spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const span = provider.getTracer('t').startSpan('span', { attributes: { ...attributes } });
  for (const [key, value] of later) span.setAttribute(key, value);
  span.end();
  return exporter.getFinishedSpans()[0] as ReadableSpan;
}

const content = ({ attributes, droppedAttributesCount }: ReadableSpan) => ({ attributes, droppedAttributesCount });

test('cuts and counts the constant attributes of a site as the SDK does those of a span', () =>
  traced({ enabled: true, ...LIMITS }, async ({ spans }) => {
    const call = instrument({ attributes: CONSTANT }, function call() {});
    call();
    const [span] = await spans();
    const site = [...state.sites].find(({ functionName }) => functionName === 'call');
    assert.ok(site !== undefined && Object.keys(site.attributes).length > 5);
    assert.equal(content(span as ReadableSpan), content(ofTheSdk(site?.attributes ?? {}, [])));
    assert.is(Object.keys(span?.attributes ?? {}).length, 4);
    assert.ok((span?.droppedAttributesCount ?? 0) > 1);
  }));

test('adds attributes of a call to those of the site up to the limit, and lets them replace values of the site', () =>
  traced({ enabled: true, ...LIMITS }, async ({ spans, tracing }) => {
    assert.is(tracing.state().configuration.find(({ key }) => key === 'span_attribute_count_limit')?.value, 4);
    const call = instrument(
      { name: 'own', args: { first: 'arg.first', second: 'arg.second' }, attributes: () => ({ callback: 'value-long' }) },
      (first: string, second: string) => first + second,
    );
    call('1', '2');
    const [span] = await spans();
    assert.is(Object.keys(span?.attributes ?? {}).length, 4);
    const constants = [...state.sites].find(({ spanName }) => spanName === 'own')?.attributes ?? {};
    assert.is(span?.droppedAttributesCount, Object.keys(constants).length + 3 - 4);
    for (const value of Object.values(span?.attributes ?? {})) assert.ok(String(value).length <= 5, String(value));
  }));

test('leaves attributes within the limits as they are', () =>
  traced({ enabled: true }, async ({ spans }) => {
    instrument({ name: 'all', attributes: CONSTANT }, () => {})();
    const [span] = await spans();
    assert.is(span?.droppedAttributesCount, 0);
    assert.is(span?.attributes.c1, 'constant-long');
    assert.equal(span?.attributes.c2, ['123456789']);
  }));

test('limits the attributes of an event and of a link', () =>
  traced({ enabled: true, eventAttributeCountLimit: 1, linkAttributeCountLimit: 2 }, async ({ spans }) => {
    const context = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    const attributes = { a: 1, b: 2, c: 3 };
    startSpan('span').addEvent('event', attributes).addLink({ context, attributes }).end();
    const [span] = await spans();
    const [event, link] = [span?.events[0], span?.links[0]];
    assert.equal([event?.attributes, event?.droppedAttributesCount], [{ a: 1 }, 2]);
    assert.equal([link?.attributes, link?.droppedAttributesCount], [{ a: 1, b: 2 }, 1]);
  }));

test('beyond the limit keeps the last links, as the SDK does, and counts the dropped ones', () =>
  traced({ enabled: true, spanLinkCountLimit: 2 }, async ({ spans }) => {
    const one = startSpan('span');
    for (const id of ['1', '2', '3', '4'])
      one.addLink({ context: { traceId: 'a'.repeat(32), spanId: id.repeat(16), traceFlags: 1 } });
    one.end();
    const [span] = await spans();
    assert.equal(
      span?.links.map(({ context }) => context.spanId[0]),
      ['3', '4'],
    );
    assert.is(span?.droppedLinksCount, 2);
  }));

test('a limit of no links drops each', () =>
  traced({ enabled: true, spanLinkCountLimit: 0 }, async ({ spans }) => {
    const context = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    startSpan('span').addLink({ context }).end();
    const [span] = await spans();
    assert.equal([span?.links, span?.droppedLinksCount], [[], 1]);
  }));

test.run();
