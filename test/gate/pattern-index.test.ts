// The index agrees with `specificity()` of each pattern, for random patterns and subjects.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Pattern, printPattern, type Subject, specificity } from '../../runtime/gate/pattern.js';
import { PatternIndex } from '../../runtime/gate/pattern-index.js';
import { parseDrop, parseRoots, parseRules } from '../../runtime/gate/rules.js';

const SEED = Date.now() % 100_000;

function randomFrom(seed: number): (below: number) => number {
  let state = seed + 1;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % below;
  };
}

const random = randomFrom(SEED);
const one = <T>(of: readonly T[]): T => of[random(of.length)] as T;
const PARTS = ['a', 'ab', 'abc', 'carbide', 'é', 'x1', 'A_b', '$', '日本'];
const SEPARATORS = ['::', '.', '/', ':', '::', '#'];
const textOf = (parts: number): string =>
  Array.from({ length: 1 + random(parts) }, (_, at) => `${at === 0 ? '' : one(SEPARATORS)}${one(PARTS)}`).join('');

const randomPattern = (): string =>
  one([() => textOf(4), () => `scope:${textOf(2)}`, () => `scope:${textOf(2)}*`, () => one(PLACES), () => '*'])();
const randomDrop = (): string =>
  one([() => textOf(3), () => `scope:${textOf(2)}`, () => `name:${textOf(2)}*`, () => `name:${textOf(2)}`])();
const PLACES = ['src/a.ts:1', 'src/a.ts:12', 'src/b.ts:1'];
const randomSubject = (): Subject => ({
  place: random(2) === 0 ? undefined : one(PLACES),
  qualified: random(4) === 0 ? undefined : textOf(5),
  scope: random(2) === 0 ? undefined : textOf(3),
  spanName: textOf(3),
});

/** Reference implementation, pattern by pattern: the most specific pattern, and of equally specific ones the last. */
function definition(patterns: readonly Pattern[], subject: Subject): Pattern | undefined {
  let best: Pattern | undefined;
  let bestFit = -1;
  for (const pattern of patterns) {
    const fit = specificity(pattern, subject);
    if (fit >= 0 && fit >= bestFit) [best, bestFit] = [pattern, fit];
  }
  return best;
}

const shown = (pattern: Pattern | undefined): string => (pattern === undefined ? 'none' : printPattern(pattern));

test(`finds the most specific pattern and every pattern that fits (seed ${SEED})`, () => {
  let found = 0;
  for (let round = 0; round < 300; round++) {
    const rules = parseRules(Array.from({ length: random(30) }, () => `${randomPattern()}=on`)).map(({ pattern }) => pattern);
    const drop = parseDrop(Array.from({ length: random(30) }, randomDrop));
    for (const patterns of [rules, drop]) {
      const index = new PatternIndex(patterns.map((pattern) => [pattern, pattern]));
      for (let at = 0; at < 30; at++) {
        const subject = randomSubject();
        const expected = definition(patterns, subject);
        const where = JSON.stringify({ subject, patterns: patterns.map(printPattern) });
        const answer = index.find(subject);
        if (patterns === rules) assert.is(shown(answer), shown(expected), where);
        else assert.is(answer === undefined, expected === undefined, where);
        const all = new Set<string>();
        index.matches(subject, (pattern) => all.add(printPattern(pattern)));
        const fitting = new Set(patterns.filter((pattern) => specificity(pattern, subject) >= 0).map(printPattern));
        assert.equal([...all].sort(), [...fitting].sort(), where);
        if (expected !== undefined) found++;
      }
    }
  }
  assert.ok(found > 1000, `${found} subjects fitted a pattern`);
});

test('a kind pattern matches no namespace, and the last of two values for one pattern applies', () => {
  const [kind] = parseRoots('kind:server');
  const subject = { qualified: 'a::b', scope: undefined, spanName: 'b' };
  assert.is(new PatternIndex([[kind as Pattern, 1]]).find(subject), undefined);
  const [pattern] = parseRoots('a') as [Pattern];
  assert.is(
    new PatternIndex([
      [pattern, 1],
      [pattern, 2],
    ]).find(subject),
    2,
  );
});

test('a place matches the function whose name is on that line of that file, and no other', () => {
  const at = (place: string) => ({ qualified: 'carbide::api::Power::on', scope: undefined, spanName: 'Power.on', place });
  const pattern = (text: string) => parseRoots(text, 'roots')[0] as Pattern;
  for (const text of ['src/power.ts:42', './src/power.ts:42']) {
    assert.ok(specificity(pattern(text), at('src/power.ts:42')) > specificity(pattern('carbide::api::Power::on'), at('')));
    for (const other of ['src/power.ts:4', 'src/power.ts:421', 'lib/src/power.ts:42'])
      assert.is(specificity(pattern(text), at(other)), -1);
  }
  assert.is(printPattern(pattern('./src/power.ts:42')), 'src/power.ts:42');
  assert.is(pattern('carbide.ts::42').kind, 'namespace');
});

test.run();
