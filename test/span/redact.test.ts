// Names that are hidden: how they are written, and what they match.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hiddenNames, parseRedact, printRedact } from '../../runtime/span/redact.js';

// Without the default names, so that each row shows one rule.
const MATCHES: readonly [rules: string, name: string, hidden: boolean][] = [
  ['password', 'password', true],
  ['password', 'Password', true],
  ['PASSWORD', 'password', true],
  ['password', 'user.password', true],
  ['password', 'password.length', true],
  ['password', 'passwords', false],
  ['password', 'mypassword', false],
  ['user.password', 'user.password', true],
  ['user.password', 'password', false],
  ['*token', 'apiToken', true],
  ['*token', 'tokens', false],
  ['*token*', 'max_tokens_used', true],
  ['card*number', 'cardnumber', true],
  ['card*number', 'card.holder.number', true],
  ['card*number', 'number card', false],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['a*bc*cd', 'abcd', false],
  ['a*bc*cd', 'abccd', true],
  ['a*b', 'ab', true],
  ['a*b', 'xab', false],
  ['a*b', 'abx', false],
  ['one, !one', 'one', false],
  ['a*, !ab', 'ab', false],
  ['a*, !ab', 'ac', true],
  ['a*b*c', 'axxbxxc', true],
  ['a*b*c', 'acb', false],
  ['*', 'anything', true],
  ['one, two\nthree', 'two', true],
  ['one, two\nthree', 'three', true],
  ['one, two\nthree', 'four', false],
];

for (const [rules, name, hidden] of MATCHES) {
  test(`${JSON.stringify(rules)} ${hidden ? 'hides' : 'shows'} ${name}`, () => {
    assert.is(hiddenNames(`!default, ${rules}`)?.(name), hidden);
    assert.is(hiddenNames(`!default, ${rules}`)?.(name), hidden, 'the remembered answer');
  });
}

test('without names nothing is tested at run time', () => {
  assert.is(hiddenNames(''), undefined);
  assert.is(hiddenNames(' , '), undefined);
});

test('normal form: the default names first, lower case, each once', () => {
  assert.is(printRedact(parseRedact('B, a ,b')), 'default, b, a');
  assert.is(printRedact(parseRedact(printRedact(parseRedact('B, a ,b')))), 'default, b, a');
  assert.is(printRedact(parseRedact('!default, a')), '!default, a');
  assert.is(printRedact(parseRedact('')), '');
});

test('a list adds to the default names; "!default" leaves them out; "!name" is an exception', () => {
  assert.is(hiddenNames('customer')?.('apiKey'), true);
  assert.is(hiddenNames('customer')?.('customer'), true);
  assert.is(hiddenNames('customer')?.('order'), false);
  assert.is(hiddenNames('!default, customer')?.('apiKey'), false);
  assert.is(hiddenNames('!default, customer')?.('customer'), true);
  assert.is(hiddenNames('!default'), undefined);
  assert.is(hiddenNames('!session.id')?.('session.id'), false);
  assert.is(hiddenNames('!session.id')?.('session'), true);
  assert.is(hiddenNames('default')?.('password'), true);
});

test('an invalid name is refused and named in the error', () => {
  for (const bad of ['a b', 'a"b', '<script>', 'x'.repeat(300)]) assert.throws(() => parseRedact(bad), /redact: found "/);
  const names = (count: number) => Array.from({ length: count }, (_, n) => `n${n}`).join();
  assert.throws(() => parseRedact(names(201)), /201 names; at most 200/);
  assert.is(parseRedact(names(200)).length, 201);
  assert.is(parseRedact('x'.repeat(200))[1]?.length, 200);
  assert.throws(() => parseRedact('x'.repeat(201)), new RegExp(`found "${'x'.repeat(40)}"`));
});

test('answers are right for more names than are remembered', () => {
  const hides = hiddenNames('!default, n1*');
  for (let round = 0; round < 2; round++)
    for (let count = 0; count < 2100; count++) assert.is(hides?.(`n${count}`), `${count}`.startsWith('1'));
});

test('a pattern with many stars is matched in linear time', () => {
  const pattern = `${'*a'.repeat(90)}*`;
  const started = performance.now();
  assert.is(hiddenNames(pattern)?.('a'.repeat(89)), false);
  assert.is(hiddenNames(pattern)?.(`${'a'.repeat(5000)}b`), true);
  // a backtracking matcher would not finish in any useful time
  assert.ok(performance.now() - started < 10_000);
});

test.run();
