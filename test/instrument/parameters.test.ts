// Parameter names as they are read from the text of a function that no transformer has described.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parameterNames } from '../../runtime/instrument/parameter-names.js';
import type { AnyFunction } from '../../runtime/site/site.js';

const make = (text: string): AnyFunction => new Function(`return (${text})`)() as AnyFunction;
const CASES: readonly [text: string, names: readonly string[]][] = [
  ['function () {}', []],
  ['() => 1', []],
  ['(a, b) => a', ['a', 'b']],
  ['a => a', ['a']],
  ['async a => a', ['a']],
  ['async (a) => a', ['a']],
  ['function named(a, b) {}', ['a', 'b']],
  ['async function named(a) {}', ['a']],
  ['function* named(a) {}', ['a']],
  ['async function* named(a) {}', ['a']],
  ['(a = 1, b = [2, 3], c = { d: "," }) => a', ['a', 'b', 'c']],
  ['(a = "(,", b = `,)`, c = \',\') => a', ['a', 'b', 'c']],
  ['(a = (x, y) => x, b) => a', ['a', 'b']],
  ['(...rest) => rest', ['rest']],
  ['(first, ...rest) => rest', ['first', 'rest']],
  ['({ a, b }, [c], d) => d', ['', '', 'd']],
  ['({ a } = {}, b) => b', ['', 'b']],
  ['(a /* , x */, b // , y\n) => a', ['a', 'b']],
  ['(a,) => a', ['a']],
  ['($a, _b, été) => $a', ['$a', '_b', 'été']],
  ['({ method(a, b) {} }).method', ['a', 'b']],
  ['({ async method(a) {} }).method', ['a']],
  ['({ "quoted name"(a) {} })["quoted name"]', ['a']],
  ['({ async [String("key")](id) {} }).key', ['id']],
  ['({ [["a", ")"].join("(")](id, to) {} })["a()"]', ['id', 'to']],
  ['({ "name(x)"(id) {} })["name(x)"]', ['id']],
  ['({ async *["a" + 1 + "("](id) {} })["a1("]', ['id']],
  ['(class { static async *#gen(id) {} static get() { return this.#gen; } }).get()', ['id']],
  ['(a = "http://x, y", b) => a', ['a', 'b']],
  ['/* (x) */ function (a) {}', ['a']],
  ['function named /* (x) */ (a) {}', ['a']],
  ['Object.getOwnPropertyDescriptor({ set value(a) {} }, "value").set', ['a']],
];

for (const [text, names] of CASES) test(text, () => assert.equal(parameterNames(make(text)), names));

test('a native function has no readable parameter names', () => {
  assert.equal(parameterNames(Math.max), []);
});

test.run();
