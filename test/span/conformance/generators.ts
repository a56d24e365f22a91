// Generators: the span starts with the first step and ends with the last, is active in the body alone, and the generator does
// what it did.

import { trace } from '@opentelemetry/api';
import * as assert from 'uvu/assert';
import type * as Fixture from './fixtures/generators.js';
import { after, type Cases, finished, milliseconds, only, running, runtime } from './recording.js';

const activeId = (): string | undefined => trace.getActiveSpan()?.spanContext().spanId;

export const generatorCases: Cases = (test, variant) => {
  const make = (): Fixture.Generators => new (variant.load<typeof Fixture>('generators').Generators)();

  for (const kind of ['count', 'stream'] as const) {
    test(`${kind}: a generator that is never iterated makes no span`, async () => {
      make()[kind](3);
      assert.is(running().openCount, 0);
      assert.equal(await finished(), []);
    });

    test(`${kind}: the span starts with the first next() and ends with the last`, async () => {
      const generator = make()[kind](2);
      await after(15);
      assert.is(running().openCount, 0);
      const begun = Date.now();
      await generator.next();
      assert.is(running().openCount, 1);
      await after(15);
      await generator.next();
      const last = await generator.next();
      assert.equal(last, { done: true, value: 'all' });
      assert.is(running().openCount, 0);
      const span = await only();
      assert.ok(milliseconds(span) > 10);
      assert.ok(span.startTime[0] * 1e3 + span.startTime[1] / 1e6 > begun - 5, 'the span started with the call');
      assert.is(span.status.code, 0);
      assert.equal(await generator.next(), { done: true, value: undefined });
      assert.equal(await finished(), []);
    });

    test(`${kind}: the span is active in the body and never in the consumer`, async () => {
      const target = make();
      const outside: (string | undefined)[] = [];
      for await (const _ of target[kind](2)) outside.push(activeId());
      const span = await only();
      assert.equal(outside, [undefined, undefined]);
      assert.equal(target.seen, [span.spanContext().spanId, span.spanContext().spanId]);
    });

    test(`${kind}: two generators that take turns do not see each other's spans`, async () => {
      const one = make();
      const two = make();
      const first = one[kind](2);
      const second = two[kind](2);
      for (let step = 0; step < 3; step++) await Promise.all([first.next(), second.next()]);
      assert.is((await finished()).length, 2);
      assert.is(new Set(one.seen).size, 1);
      assert.is(new Set(two.seen).size, 1);
      assert.is.not(one.seen[0], two.seen[0]);
    });

    test(`${kind}: sent values arrive`, async () => {
      const target = make();
      const generator = target[kind](2);
      await generator.next('lost, as the language has it');
      await generator.next('a');
      await generator.next('b');
      assert.equal(target.got, ['a', 'b']);
      await finished();
    });

    test(`${kind}: break ends the span once and runs finally`, async () => {
      const target = make();
      for await (const _ of target[kind](5)) break;
      assert.is(target.cleaned, 1);
      assert.is((await only()).status.code, 0);
      assert.is(running().openCount, 0);
    });

    test(`${kind}: return() ends the span and gives its value`, async () => {
      const generator = make()[kind](5);
      await generator.next();
      assert.equal(await generator.return('early'), { done: true, value: 'early' });
      assert.is((await only()).status.code, 0);
    });

    test(`${kind}: return() before the first step runs nothing and makes no span`, async () => {
      const target = make();
      const generator = target[kind](5);
      assert.equal(await generator.return('none'), { done: true, value: 'none' });
      assert.equal(await generator.next(), { done: true, value: undefined });
      assert.is(target.cleaned, 0);
      assert.equal(await finished(), []);
    });

    test(`${kind}: throw() fails the span once and brings the same error back`, async () => {
      const generator = make()[kind](5);
      await generator.next();
      const error = new Error('sent in');
      let caught: unknown;
      try {
        await generator.throw(error);
      } catch (thrown) {
        caught = thrown;
      }
      assert.is(caught, error);
      const span = await only();
      assert.is(span.status.code, 2);
      assert.is(span.events.length, 1);
    });

    test(`${kind}: while tracing is off nothing is made, and the generator is untouched`, async () => {
      const lease = running().setEnabled(false);
      try {
        const generator = make()[kind](1);
        assert.equal(Reflect.ownKeys(generator), []);
        assert.equal(await generator.next(), { done: false, value: 1 });
        running().endLease(lease.id);
        assert.equal(await generator.next(), { done: true, value: 'all' });
        assert.equal(await finished(), []);
      } finally {
        running().endLease(lease.id);
      }
    });
  }

  test('an error thrown in the body fails the span', async () => {
    const error = new TypeError('broken');
    const target = make();
    assert.throws(
      () => [...target.breaks(error)],
      (thrown: unknown) => thrown === error,
    );
    let caught: unknown;
    try {
      for await (const _ of target.breaksLater(error));
    } catch (thrown) {
      caught = thrown;
    }
    assert.is(caught, error);
    const spans = await finished();
    assert.equal(
      spans.map(({ status, attributes }) => [status.code, attributes['error.type']]),
      [
        [2, 'TypeError'],
        [2, 'TypeError'],
      ],
    );
  });

  test('a generator that refuses to return keeps its span open until it has', async () => {
    const generator = make().stubborn();
    generator.next();
    assert.equal(generator.return('asked'), { done: false, value: 'not yet' });
    assert.is(running().openCount, 1);
    assert.equal(generator.next(), { done: true, value: 'asked' });
    assert.is(running().openCount, 0);
    await only();
  });

  test('the result option sees the return value', async () => {
    assert.equal([...make().told()], [1]);
    assert.is((await only()).attributes.returned, 'told');
  });

  test('spans started in the body are children, also through yield*', async () => {
    assert.equal([...make().parent()], ['child', 'child']);
    const spans = await finished();
    const byName = (name: string) => spans.filter((span) => span.name.endsWith(name));
    const [parent] = byName('parent');
    const [inner] = byName('inner');
    assert.is(inner?.parentSpanContext?.spanId, parent?.spanContext().spanId);
    assert.equal(
      byName('child').map((span) => span.parentSpanContext?.spanId),
      [parent?.spanContext().spanId, inner?.spanContext().spanId],
    );
  });

  test('the parent is the span that was active where the generator was made', async () => {
    const target = make();
    const outer = runtime.startSpan('outer');
    const generator = outer.run(() => target.count(1));
    for (const _ of generator);
    outer.end();
    const spans = await finished();
    const [count, parent] = [spans.find(({ name }) => name.endsWith('count')), spans.find(({ name }) => name === 'outer')];
    assert.is(count?.parentSpanContext?.spanId, parent?.spanContext().spanId);
  });

  test('the generator stays what it was: prototype, tag, iterator of itself', async () => {
    const target = make();
    const generator = target.count(1);
    assert.is(Object.prototype.toString.call(generator), '[object Generator]');
    assert.is(generator[Symbol.iterator](), generator);
    assert.ok(generator instanceof (target.count as never));
    assert.is(Object.keys(generator).length, 0);
    const stream = target.stream(1);
    assert.is(Object.prototype.toString.call(stream), '[object AsyncGenerator]');
    assert.is(stream[Symbol.asyncIterator](), stream);
  });

  test('in an unsampled trace the calls in the body are not recorded either', async () => {
    const rules = running().setRules('*=0.000001');
    try {
      assert.equal([...make().parent()], ['child', 'child']);
      assert.equal(await finished(), []);
    } finally {
      running().endLease(rules.id);
    }
  });
};
