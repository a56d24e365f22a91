// Pages of sites: every order, every size, and slots that share an id.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvalidArgumentError, instrument, type SiteReport } from '../../runtime/index.js';
import type { SiteSort } from '../../runtime/tracing.js';
import { traced } from './tracing.js';

const NAMESPACES = 37;
const functions = Array.from({ length: 500 }, (_, n) =>
  instrument({ namespace: `pages::n${(n * 7) % NAMESPACES}`, name: `f${(n * 13) % 500}` }, (fails: boolean) => {
    if (fails) throw new Error('no');
  }),
);
/** Two slots of one id. */
const twins = [1, 2].map((value) => instrument({ namespace: 'pages::twin', name: 'twin' }, () => value));

const key = ({ id, calls, errors }: SiteReport) => `${id} ${calls} ${errors}`;
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const byName = (a: SiteReport, b: SiteReport) =>
  compare(a.namespace, b.namespace) || compare(a.function, b.function) || compare(a.id, b.id);
const DEFINITIONS: Readonly<Record<SiteSort, (a: SiteReport, b: SiteReport) => number>> = {
  name: byName,
  calls: (a, b) => b.calls - a.calls || byName(a, b),
  errors: (a, b) => b.errors - a.errors || byName(a, b),
  open: (a, b) => b.open - a.open || byName(a, b),
};

test('pages of any size, joined in any order, give the sorted list', () =>
  traced({ enabled: true, maxQueueSize: 16_384 }, ({ tracing }) => {
    for (const [n, call] of functions.entries()) {
      for (let calls = 0; calls < n % 5; calls++) {
        try {
          call(calls % 3 === 0);
        } catch {
          // counted as an error of its site
        }
      }
    }
    for (const sort of Object.keys(DEFINITIONS) as SiteSort[]) {
      const expected = tracing.sites('pages::').sort(DEFINITIONS[sort]).map(key);
      for (const limit of [1, 7, 100, 400, 1000]) {
        const found: string[] = [];
        for (let offset = 0; offset < expected.length; offset += limit) {
          const page = tracing.sitePage({ prefix: 'pages::', sort, offset, limit });
          assert.is(page.total, expected.length);
          found.push(...page.sites.map(key));
          if (limit === 1 && offset > 20) break;
        }
        assert.equal(found, expected.slice(0, found.length), `${sort}, ${limit} a page`);
      }
      assert.equal(tracing.sitePage({ prefix: 'pages::', sort, offset: 10_000, limit: 10 }).sites, []);
      assert.equal(tracing.sitePage({ prefix: 'pages::', sort, limit: 0 }).sites, []);
    }
  }));

test('entries with one id are one row with the sum of their counts', () =>
  traced({ enabled: true }, ({ tracing }) => {
    const before = tracing.sitePage({ prefix: 'pages::twin' }).sites[0]?.calls ?? 0;
    for (const twin of twins) twin();
    const { total, sites } = tracing.sitePage({ prefix: 'pages::twin' });
    assert.is(total, 1);
    assert.is(sites[0]?.calls, before + 2);
    const [namespace] = tracing.namespaces('pages::twin');
    assert.equal([namespace?.sites, namespace?.calls], [1, before + 2]);
  }));

test('a query of reports that is no query is refused, and names the option', () =>
  traced({ enabled: true }, ({ tracing }) => {
    const untyped = tracing as unknown as Record<
      'sites' | 'sitePage' | 'namespaces' | 'openSpans' | 'metrics',
      (given: unknown) => unknown
    >;
    const refused: [string, () => unknown][] = [
      ['prefix', () => untyped.sites(/pages/)],
      ['prefix', () => untyped.namespaces(null)],
      ['prefix', () => untyped.sitePage({ prefix: 1 })],
      ...['calls ', 'toString', '__proto__', Symbol('calls'), ['calls']].map(
        (sort) => ['sort', () => untyped.sitePage({ sort })] as [string, () => unknown],
      ),
      ...[Number.NaN, -1, 1.5, 1n, '5', null, Symbol('5'), Number.NEGATIVE_INFINITY].flatMap(
        (limit): [string, () => unknown][] => [
          ['limit', () => untyped.sitePage({ limit })],
          ['offset', () => untyped.sitePage({ offset: limit })],
          ['limit', () => untyped.openSpans({ limit })],
        ],
      ),
      ...[null, 5, 'pages'].flatMap((options): [string, () => unknown][] => [
        ['options', () => untyped.sitePage(options)],
        ['options', () => untyped.openSpans(options)],
        ['options', () => untyped.metrics(options)],
      ]),
    ];
    for (const [field, query] of refused)
      assert.throws(
        query,
        (error: unknown) => error instanceof InvalidArgumentError && error.field === field,
        `${field}: ${query}`,
      );
    assert.throws(
      () => untyped.openSpans({ limit: Number.NaN }),
      /limit: found the number NaN; expected a whole number from 0\./,
    );
    assert.throws(
      () => untyped.sitePage({ sort: 'call' }),
      /sort: found the string "call"; expected name, calls, errors, open\. Did you/,
    );
    const all = { limit: Number.POSITIVE_INFINITY };
    assert.is(tracing.sitePage(all).sites.length, tracing.sites().length);
    assert.equal(tracing.openSpans(all), []);
  }));

test('namespaces are the sums of their sites, by name', () =>
  traced({ enabled: true, rules: 'pages::n1=off', drop: 'pages::n2' }, ({ tracing }) => {
    functions[0]?.(false);
    const sites = tracing.sites('pages::n');
    const namespaces = tracing.namespaces('pages::n');
    assert.equal(
      namespaces.map(({ namespace }) => namespace),
      [...new Set(sites.map(({ namespace }) => namespace))].sort(),
    );
    for (const report of namespaces) {
      const own = sites.filter(({ namespace }) => namespace === report.namespace);
      assert.is(report.sites, own.length);
      assert.is(
        report.calls,
        own.reduce((sum, { calls }) => sum + calls, 0),
      );
      const verdict = { 'pages::n1': 'off', 'pages::n2': 'drop' }[report.namespace] ?? 'on';
      assert.is(report.verdicts[verdict as 'on'], own.length, report.namespace);
      assert.equal(
        report.latency.counts.reduce((sum, count) => sum + count, 0),
        report.calls,
      );
    }
  }));

test.run();
