// docs/migrate.md: both columns of each row run under one tracing and make the same span.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import * as nestjsOtel from 'nestjs-otel';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as spanwright from '../../runtime/index.js';
import { Page } from './evaluate.js';
import { ROOT } from './pages.js';

const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
const text = readFileSync(join(ROOT, 'docs/migrate.md'), 'utf8');

/** Rows of a section in which both cells are code and nothing else. */
function rowsOf(heading: string): [before: string, after: string][] {
  const section = text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \| `([^`]+)` \|$/gm)]
    .map(([, before = '', after = '']): [string, string] => [before, after])
    .filter(([before]) => /^@Span|^\(/.test(before));
}

/** Properties of a span that both ways must give it. Places are Spanwright's own, and the link of a new root too. */
function essence({ name, kind, attributes, parentSpanContext, links, status, events }: ReadableSpan): object {
  const own = Object.entries(attributes).filter(([key]) => !key.startsWith('code.'));
  const exceptions = events.map((event) => [
    event.name,
    event.attributes?.['exception.type'],
    event.attributes?.['exception.message'],
  ]);
  const linked = links.filter((link) => link.context.traceId === CALLER.traceId).length;
  const attributesOfSpan = Object.fromEntries(own.filter(([key]) => !key.startsWith('error.')));
  return {
    name,
    kind,
    attributes: attributesOfSpan,
    parent: parentSpanContext?.traceId === CALLER.traceId,
    linked,
    code: status.code,
    exceptions,
  };
}

const GIVEN = {
  ...{ Span: nestjsOtel.Span, Traceable: nestjsOtel.Traceable, SpanKind, SpanStatusCode, propagation, context, caller: CALLER },
  tracer: trace.getTracer('by hand'),
  headers: { traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01` },
  find: (id: string) => `found ${id}`,
  fail: () => {
    throw new Error('no');
  },
};

async function spanOf(code: string, after: string): Promise<object> {
  const page = new Page();
  try {
    await page.recording();
    const call = await page.evaluate(
      { page: '', place: code, language: 'ts', code, above: '', heading: '' },
      { given: GIVEN, after },
    );
    await page.inSpan(async () => {
      try {
        await call('o-7');
      } catch (error) {
        assert.is((error as Error).message, 'no');
      }
    });
    const spans = (await page.spans()).filter(({ name }) => name !== 'around');
    assert.is(spans.length, 1, code);
    const [span] = spans as [ReadableSpan];
    return { ...essence(span), starts: span.parentSpanContext === undefined };
  } finally {
    await page.end();
  }
}

const METHOD = (decorator: string): string => `class Orders {\n  ${decorator}\n  async find(id) { return 'found ' + id; }\n}`;
const decorators = rowsOf('`nestjs-otel`');
const functions = rowsOf('Spans by hand');

test('the page has the rows of both tables', () => {
  assert.equal([decorators.length, functions.length], [7, 7]);
});

for (const [before, after] of decorators)
  test(`${after} records the span of ${before}`, async () => {
    const call = 'return (id) => new Orders().find(id);';
    assert.equal(await spanOf(METHOD(after), call), await spanOf(METHOD(before), call));
  });

for (const [before, after] of functions)
  test(`${after} records the span of ${before}`, async () => {
    assert.equal(await spanOf(`const call = ${after};`, 'return call;'), await spanOf(`const call = ${before};`, 'return call;'));
  });

test('a class with @instrument records the spans of one with @Traceable()', async () => {
  const whole = (decorator: string): string =>
    `// a class\n${decorator}\nclass Orders {\n  async find(id) { return 'found ' + id; }\n}`;
  const call = 'return (id) => new Orders().find(id);';
  assert.equal(await spanOf(whole('@instrument'), call), await spanOf(whole('@Traceable()'), call));
});

test('the names in the table of the other parts are exports of the two packages', () => {
  const section = text.split('## `nestjs-otel`')[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| (`@(?!Span).*?|`[A-Z].*?) \| (.*) \|$/gm)];
  assert.ok(rows.length >= 6, `${rows.length} rows`);
  for (const [, left = '', right = ''] of rows) {
    for (const [, name = '', method] of left.matchAll(/`@?([A-Z]\w+)(?:\.(\w+))?/g)) {
      const found = (nestjsOtel as Record<string, unknown>)[name] as { prototype?: object } | undefined;
      assert.type(found, 'function', name);
      if (method !== undefined) assert.ok(method in (found?.prototype ?? {}), `${name}.${method}`);
    }
    for (const [, name = ''] of right.matchAll(/`@?(startSpan|baggage|instrument)\b/g)) assert.ok(name in spanwright, name);
  }
});

test.run();
