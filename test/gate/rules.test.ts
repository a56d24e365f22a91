// The texts of roots, rules and drop: how they are read, printed back, and refused.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvalidArgumentError } from '../../runtime/errors.js';
import { isNamespacePrefix, type Pattern, type Subject } from '../../runtime/gate/pattern.js';
import { PatternIndex } from '../../runtime/gate/pattern-index.js';
import {
  parseDrop,
  parseRoots,
  parseRules,
  printPatterns,
  printRules,
  type Rule,
  withoutOverruled,
} from '../../runtime/gate/rules.js';

const ruleFor = (rules: readonly Rule[], of: Subject): Rule | undefined =>
  new PatternIndex(rules.map((rule) => [rule.pattern, rule])).find(of);
const matchesAny = (patterns: readonly Pattern[], of: Subject): boolean =>
  new PatternIndex(patterns.map((pattern) => [pattern, true])).find(of) ?? false;

const subject = (qualified: string | undefined, scope?: string, name = 'span'): Subject => ({ qualified, scope, spanName: name });

function refusal(parse: () => unknown): InvalidArgumentError {
  try {
    parse();
  } catch (error) {
    assert.instance(error, InvalidArgumentError);
    return error as InvalidArgumentError;
  }
  return assert.unreachable('was accepted') as never;
}

test('a namespace prefix ends at the end of a segment', () => {
  for (const namespace of ['carbide', 'carbide::x', 'carbide.x', 'carbide/x', 'carbide:x']) {
    assert.ok(isNamespacePrefix('carbide', namespace), namespace);
  }
  for (const namespace of ['carbidex', 'carbide-api::x', 'carbide_x', 'carbide2', 'carbidé', 'x::carbide', 'Carbide']) {
    assert.not(isNamespacePrefix('carbide', namespace), namespace);
  }
  assert.ok(isNamespacePrefix('carbide::api', 'carbide::api::Power::on'));
  assert.not(isNamespacePrefix('carbide::api', 'carbide::apis'));
});

test('the most specific rule has precedence, in any order', () => {
  for (const text of [
    'carbide=off, carbide::db=on, carbide::db::Store=0.5',
    'carbide::db::Store=0.5, carbide::db=on, carbide=off',
  ]) {
    const rules = parseRules(text);
    assert.is(ruleFor(rules, subject('carbide::db::Store::find'))?.ratio, 0.5, text);
    assert.is(ruleFor(rules, subject('carbide::db::Other::find'))?.ratio, 1, text);
    assert.is(ruleFor(rules, subject('carbide::api::X::y'))?.ratio, 0, text);
    assert.is(ruleFor(rules, subject('elsewhere::X')), undefined, text);
  }
});

test('of several rules for one pattern the last one counts', () => {
  assert.is(ruleFor(parseRules('carbide=on, carbide=off'), subject('carbide::x'))?.ratio, 0);
  assert.is(ruleFor(parseRules('carbide=off, carbide=on'), subject('carbide::x'))?.ratio, 1);
  assert.equal(withoutOverruled(parseRules('carbide=on, *=0.5, carbide=off')), parseRules('*=0.5, carbide=off'));
});

test('precedence of patterns is total and independent of their order: whole scope, scope prefix, namespace', () => {
  const third = subject('abc::x', 'abc');
  for (const [strong, weak] of [
    ['scope:abc=off', 'scope:abc*=on'],
    ['scope:abc*=off', 'scope:ab*=on'],
    ['scope:*=off', '*=on'],
    ['scope:abc*=off', 'abc=on'],
  ]) {
    assert.is(ruleFor(parseRules(`${strong}, ${weak}`), third)?.ratio, 0, `${strong}, ${weak}`);
    assert.is(ruleFor(parseRules(`${weak}, ${strong}`), third)?.ratio, 0, `${weak}, ${strong}`);
  }
});

test('a star is the least specific of all', () => {
  const rules = parseRules('*=off, carbide=on');
  assert.is(ruleFor(rules, subject('carbide::x'))?.ratio, 1);
  assert.is(ruleFor(rules, subject('other::x'))?.ratio, 0);
  assert.is(ruleFor(rules, subject(undefined, 'some-scope'))?.ratio, 0);
});

test('a scope pattern is exact, or a prefix with a star at its end', () => {
  assert.ok(matchesAny(parseDrop('scope:@otel/net'), subject(undefined, '@otel/net')));
  assert.not(matchesAny(parseDrop('scope:@otel/net'), subject(undefined, '@otel/network')));
  assert.ok(matchesAny(parseDrop('scope:@otel/*'), subject(undefined, '@otel/network')));
  assert.not(matchesAny(parseDrop('scope:@otel/*'), subject('@otel::x')), 'a namespace is not a scope');
});

test('a name pattern matches the span name only', () => {
  assert.ok(matchesAny(parseDrop('name:poll'), subject('a::b', undefined, 'poll')));
  assert.not(matchesAny(parseDrop('name:poll'), subject('poll::b', undefined, 'other')));
});

test('rules are printed in normal form, and read back the same', () => {
  const printed = printRules(parseRules(' carbide::api:: = 0.10 ,\n carbide::db=off,, *=on '));
  assert.is(printed, 'carbide::api=0.1, carbide::db=off, *=on');
  assert.is(printRules(parseRules(printed)), printed);
  assert.is(printPatterns(parseRoots('carbide::*, kind:server'), 'none'), 'carbide, kind:server');
  assert.is(printPatterns(parseRoots('none'), 'none'), 'none');
});

test('a small ratio is printed without an exponent, and one too small to decide is refused', () => {
  const printed = printRules(parseRules('carbide=0.0000001'));
  assert.is(printed, 'carbide=0.0000001');
  assert.is(printRules(parseRules(printed)), printed);
  const error = refusal(() => parseRules('carbide=0.000000000000000001'));
  assert.ok(error.message.includes('0.000000000000000001'));
});

test('a bad rule rejects the whole text and names the token', () => {
  for (const [text, token] of [
    ['carbide=on, db=maybe', 'db=maybe'],
    ['carbide', 'carbide'],
    ['carbide=on, =off', '=off'],
    ['carbide=1.5', 'carbide=1.5'],
    ['carbide=-0.1', 'carbide=-0.1'],
    ['carbide=1e-2', 'carbide=1e-2'],
    ['car*bide=on', 'car*bide'],
    ['kind:server=on', 'kind:server'],
    ['a b=on', 'a b'],
  ] as const) {
    const error = refusal(() => parseRules(text));
    assert.is(error.field, 'rules', text);
    assert.ok(error.message.includes(`"${token}"`), `${text} → ${error.message}`);
  }
  assert.ok(refusal(() => parseRoots('kind:sever')).message.includes('server'));
  assert.ok(refusal(() => parseDrop('*')).message.includes('not possible here'), 'everything cannot be dropped by a star');
});

test('text from outside is bounded', () => {
  refusal(() => parseRules('x'.repeat(9000)));
  refusal(() => parseRules(Array.from({ length: 600 }, (_, i) => `a${i}=on`).join(',')));
});

test('no pattern is ever a regular expression', () => {
  const rules = parseRules('scope:(a+)+$=off');
  assert.is(ruleFor(rules, subject(undefined, `${'a'.repeat(40)}!`)), undefined);
  assert.is(ruleFor(rules, subject(undefined, '(a+)+$'))?.ratio, 0);
});

test.run();
