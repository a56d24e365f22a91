// The live check itself, and what it compares with: the registry in docs/telemetry is complete, its page is written from it, and each
// kind of wrong name or type is found beside a twin that is right.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { telemetryDocument } from '../../docs/write-telemetry.js';
import { PROJECT, projectFiles } from '../house/sources.js';
import {
  ALL,
  attributesOf,
  CONVENTIONS,
  groupsOf,
  incubatingNames,
  LiveCheck,
  OWN_FILES,
  type Received,
  type ReceivedMetric,
  STABLE,
} from './support/live-check.js';

const test = suite('live check');
const all = CONVENTIONS === undefined ? test.skip : test;

const span = (more: Partial<Received>): Received => ({
  name: 'call',
  attributes: {},
  events: [],
  links: [],
  resource: { 'service.name': 'shop' },
  ...more,
});
const withAttributes = (attributes: Record<string, unknown>) => span({ attributes });

const SPANS: readonly [what: string, wrong: Received, finding: string, right: Received][] = [
  [
    'an attribute that no convention has',
    withAttributes({ 'http.request.metod': 'GET' }),
    'span: http.request.metod: unknown',
    withAttributes({ 'http.request.method': 'GET' }),
  ],
  [
    "an attribute in Spanwright's namespace that its registry does not have",
    withAttributes({ 'spanwright.leaked': 'age' }),
    'span: spanwright.leaked: unknown',
    withAttributes({ 'spanwright.leak': 'age' }),
  ],
  [
    'a value that the registry does not list',
    withAttributes({ 'spanwright.leak': 'old' }),
    'span: spanwright.leak: "old" is not one of age, collected, shutdown',
    withAttributes({ 'spanwright.leak': 'collected' }),
  ],
  [
    "another type than the registry's",
    withAttributes({ 'spanwright.cancelled': 'true' }),
    'span: spanwright.cancelled: "true" is not of the type boolean',
    withAttributes({ 'spanwright.cancelled': true }),
  ],
  [
    "another type than the convention's",
    withAttributes({ 'http.response.status_code': '200' }),
    'span: http.response.status_code: "200" is not of the type int',
    withAttributes({ 'http.response.status_code': 200 }),
  ],
  [
    'a text where the convention has a list',
    withAttributes({ 'http.request.header.x-tenant': 'acme' }),
    'span: http.request.header.x-tenant: "acme" is not of the type string[]',
    withAttributes({ 'http.request.header.x-tenant': ['acme'] }),
  ],
  [
    'a name that is not stable, and not listed',
    withAttributes({ 'db.operation': 'SELECT' }),
    'span: db.operation: not stable, and not listed with a reason',
    withAttributes({ 'db.operation.name': 'SELECT', 'code.namespace': 'shop' }),
  ],
  [
    'an attribute of the resource',
    span({ resource: { 'service.nam': 'shop' } }),
    'resource: service.nam: unknown',
    span({ resource: { 'service.name': 'shop', 'process.pid': 7 } }),
  ],
  [
    'an event',
    span({ events: [{ name: 'exeption', attributes: {} }] }),
    'event exeption: unknown',
    span({ events: [{ name: 'exception', attributes: { 'exception.type': 'Error' } }] }),
  ],
  [
    'an attribute of an event',
    span({ events: [{ name: 'exception', attributes: { 'exception.typ': 'Error' } }] }),
    'event exception: exception.typ: unknown',
    span({ events: [{ name: 'exception', attributes: { 'exception.message': 'no' } }] }),
  ],
  [
    'an attribute of a link',
    span({ links: [{ attributes: { reason: 'retry' } }] }),
    'link: reason: unknown',
    span({ links: [{ attributes: { 'error.type': 'Error' } }] }),
  ],
  [
    'a captured value under another first name',
    withAttributes({ 'spanwright.argument.id': 1 }),
    'span: spanwright.argument.id: unknown',
    withAttributes({ 'spanwright.arg.id': 1, 'spanwright.result.state': 'on' }),
  ],
];

for (const [what, wrong, finding, right] of SPANS)
  all(`${what}: is found, and its twin is not`, () => {
    assert.equal(new LiveCheck().spans([wrong]), [finding]);
    assert.equal(new LiveCheck().spans([right]), []);
  });

const LEAKED: ReceivedMetric = { name: 'spanwright.spans.leaked', unit: '{span}', instrument: 'counter', points: [{}] };
const METRICS: readonly [what: string, wrong: Partial<ReceivedMetric>, finding: string][] = [
  ['a name', { name: 'spanwright.spans.leakd' }, 'metric spanwright.spans.leakd: unknown'],
  ['a unit', { unit: '1' }, 'metric spanwright.spans.leaked: the unit is 1, must be {span}'],
  ['an instrument', { instrument: 'gauge' }, 'metric spanwright.spans.leaked: is a gauge, must be a counter'],
  ['an attribute', { points: [{ tenant: 'a' }] }, 'metric spanwright.spans.leaked: tenant: unknown'],
];

for (const [what, wrong, finding] of METRICS)
  all(`${what} of a metric that is wrong is found, and the right one is not`, () => {
    assert.equal(new LiveCheck().metrics([{ ...LEAKED, ...wrong }]), [finding]);
    assert.equal(new LiveCheck().metrics([LEAKED]), []);
  });

test('each listed name is one of the conventions, is not stable, and has a reason', () => {
  for (const [name, reason] of incubatingNames()) {
    assert.ok(ALL.ATTR_.has(name) || ALL.METRIC_.has(name), `${name} is no name of the conventions`);
    assert.not.ok(STABLE.ATTR_.has(name) || STABLE.METRIC_.has(name), `${name} is stable; remove it from the list`);
    assert.ok(reason.length > 0, `${name} has no reason`);
  }
});

/** Names in `spanwright.` that a source gives to an attribute or metric; those of symbols, context keys and scopes left out. */
function namesIn(source: string): string[] {
  const found = source.matchAll(
    /(?<!Symbol\(|Symbol\.for\(|createContextKey\(|SCOPE = )['`](spanwright\.[a-z_.]+?)\.?(?:['`]|\$\{)/g,
  );
  return [...found].map(([, name]) => name as string);
}

test('each name in the sources is in the registry, and each name of the registry is in the sources', () => {
  const groups = groupsOf(OWN_FILES);
  const registered = new Set([
    ...attributesOf(groups).map(({ id }) => id),
    ...groups.flatMap(({ metric_name = [] }) => metric_name),
  ]);
  const sources = projectFiles().filter((path) => /^runtime\/.*\.ts$/.test(path));
  const used = new Set(sources.flatMap((path) => namesIn(readFileSync(join(PROJECT, path), 'utf8'))));
  assert.equal([...used].sort(), [...registered].sort());
  assert.equal(namesIn("span.setAttribute('spanwright.new', 1); `spanwright.arg.$" + "{name}`; Symbol.for('spanwright.x')"), [
    'spanwright.new',
    'spanwright.arg',
  ]);
});

test('attributes of spans and metrics in the registry are defined there or are names of the conventions', () => {
  const groups = groupsOf(OWN_FILES);
  const defined = new Set([...attributesOf(groups).map(({ id }) => id), ...ALL.ATTR_]);
  const refs = groups.flatMap(({ attributes = [] }) => attributes).flatMap(({ ref = [] }) => ref);
  assert.ok(refs.length > 10);
  assert.equal(
    refs.filter((ref) => !defined.has(ref)),
    [],
  );
});

test('docs/telemetry.md is written from the registry', () => {
  const document = readFileSync(join(PROJECT, 'docs/telemetry.md'), 'utf8');
  assert.is(document, telemetryDocument(), 'run: npx tsx docs/write-telemetry.ts');
});

test.run();
