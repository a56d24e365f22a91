// A recorded method keeps its identity: for its caller, its class, and for reflection.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type * as Fixture from './fixtures/identity.js';
import { type Cases, finished, only, running } from './recording.js';

export const identityCases: Cases = (test, variant) => {
  const fixture = variant.load<typeof Fixture>('identity');
  const { Base, Derived, Members, Bare, Twice, Whole } = fixture;
  const names = async (): Promise<(string | undefined)[]> => (await finished()).map(({ name }) => name);

  test('this, super and overriding: two methods, two spans, one below the other', async () => {
    assert.is(new Derived().greet('you'), 'derived greets you!');
    const [inner, outer] = await finished();
    assert.equal([inner?.name, outer?.name], ['Base.greet', 'Derived.greet']);
    assert.is(inner?.parentSpanContext?.spanId, outer?.spanContext().spanId);
    assert.is(await new Derived().load('7'), 'derived base 7');
    assert.is((await finished()).length, 2);
  });

  test('a static method of a subclass has the subclass as this', async () => {
    assert.instance(Derived.create(), Derived);
    assert.equal(await names(), ['Base.create']);
  });

  test('records calls on frozen and sealed instances', async () => {
    const frozen = Object.freeze(new Members());
    assert.is(frozen.self(), frozen);
    assert.is(frozen.answer, 42);
    const sealed = Object.seal(new Members());
    sealed.answer = 1;
    assert.is(sealed.answer, 2);
    assert.is((await finished()).length, 3);
  });

  test('private fields are reached through the instance', async () => {
    const instance = new Members();
    instance.answer = 9;
    assert.is(instance.answer, 10);
    await finished();
  });

  test('symbol keys, getters and setters record', async () => {
    const instance = new Members();
    assert.is(instance[fixture.KEY](1), 3);
    assert.is(instance[fixture.KEY](1, 1), 2);
    assert.is(instance.answer, 42);
    assert.equal([...instance.items()], [1]);
    assert.is((await finished()).length, 4);
  });

  test('name, length and kind are those of the method', () => {
    const described = (owner: object): unknown[] =>
      Reflect.ownKeys(owner).map((key) => {
        const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(owner, key) as PropertyDescriptor;
        const functions = [value, get, set].map((fn) =>
          typeof fn === 'function'
            ? [fn.name, fn.length, Object.getPrototypeOf(fn)?.[Symbol.toStringTag], Object.getOwnPropertyNames(fn).sort()]
            : typeof fn,
        );
        return key === 'constructor' ? key : [String(key), flags, functions];
      });
    assert.equal(described(Members.prototype), described(Bare.prototype));
  });

  test('the keys of a prototype and of an instance are those of the source, in its order', () => {
    const text = (keys: readonly (string | symbol)[]): string[] => keys.map(String);
    assert.equal(text(Reflect.ownKeys(Members.prototype)), text(Reflect.ownKeys(Bare.prototype)));
    assert.equal(Reflect.ownKeys(new Members()), ['fieldCalls']);
  });

  test('methods cannot be constructed, with or without the decorator', () => {
    for (const owner of [Members.prototype, Bare.prototype])
      assert.throws(() => Reflect.construct(owner.self as never, []), /not a constructor/);
  });

  test('functions without a decorator keep their text', () => {
    const source = readFileSync(join(variant.directory, 'out', 'identity.js'), 'utf8');
    for (const fn of [Members.prototype.untouched, Members.untouchedToo])
      assert.ok(source.includes(Function.prototype.toString.call(fn)));
  });

  test('a function that may be constructed still may, with new.target, prototype and own properties', async () => {
    const Point = fixture.InstrumentedPoint as unknown as { new (x: number): { x: number }; (x: number): string; origin: string };
    const point = new Point(3);
    assert.is(point.x, 3);
    assert.instance(point, Point);
    assert.instance(point, fixture.Point);
    assert.is(point.constructor, Point);
    assert.is(Point(4), 'called with 4');
    assert.is(Point.origin, 'zero');
    assert.is(Point.name, 'Point');
    class Sub extends (Point as unknown as new (x: number) => { x: number }) {}
    assert.instance(new Sub(1), Sub);
    await only();
  });

  test('decorating twice makes one span: by hand, class and member, function', async () => {
    const { prototype } = Twice;
    const descriptor = Object.getOwnPropertyDescriptor(prototype, 'once') as PropertyDescriptor;
    const again = Twice.again(prototype, 'once', descriptor) as PropertyDescriptor;
    assert.is(again.value, prototype.once);
    new Twice().once();
    assert.is(fixture.doubledAgain, fixture.doubled);
    assert.is(fixture.doubledAgain(2), 4);
    const whole = new Whole();
    whole.named();
    whole.other();
    whole.left();
    assert.equal(await names(), ['Twice.once', 'doubled', 'chosen', 'Whole.other']);
  });

  test('a module that is loaded again records its calls once, and adds no site where the place is known', async () => {
    const path = require.resolve(join(variant.directory, 'out', 'identity.js'));
    const before = running().sites().length;
    const cached = require.cache[path];
    for (let round = 0; round < 3; round++) {
      delete require.cache[path];
      const again = require(path) as typeof Fixture;
      assert.is.not(again.Base, Base);
      new again.Base().greet('you');
      await only();
    }
    require.cache[path] = cached;
    if (variant.transformed) assert.is(running().sites().length, before);
  });

  test('calls with any number of arguments pass them on unchanged', async () => {
    const { rest } = Members.prototype;
    for (let count = 1; count < 7; count++) assert.is(Reflect.apply(rest, new Members(), Array(count).fill('x')), count - 1);
    await finished();
  });
};
