// Functions whose kind differs from the expected one: each call is followed by its real kind.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument } from '../../runtime/index.js';
import { wrapFunction } from '../../runtime/instrument/decorate.js';
import type { ForwarderFactory, SiteRecord } from '../../runtime/site/site.js';
import { traced } from '../gate/tracing.js';

type Work = () => unknown;
let given: Work;

class Worker {
  @instrument work: Work = given;

  static of(work: Work): Worker {
    given = work;
    return new Worker();
  }
}

test('a field records functions of several kinds: an async one, a generator, a plain one that returns a third-party promise', () =>
  traced({ enabled: true }, async ({ expectSpans, tracing }) => {
    const shared = Promise.resolve('shared');
    assert.is(await Worker.of(async () => 'async').work(), 'async');
    const numbers = Worker.of(function* () {
      yield 1;
    }).work() as Iterable<number>;
    assert.equal([...numbers], [1]);
    assert.is(Worker.of(() => shared).work(), shared);
    assert.is(Worker.of(() => null).work(), null);
    await shared;
    assert.is(tracing.openCount, 0);
    await expectSpans(...Array<string>(4).fill('Worker.work'));
  }));

test('a generator method that returns something else because of another decorator returns it unchanged', () =>
  traced({ enabled: true }, async ({ tracing }) => {
    const record: SiteRecord = { namespace: 'carbide', function: 'items', name: 'items', shape: 'generator' };
    const factory: ForwarderFactory = (gate, body, run, site) =>
      function items(this: unknown) {
        return gate.idle ? body.call(this) : run(site, this, body, []);
      };
    for (const value of [null, undefined, 7, 'text', { items: [] }]) {
      assert.is(wrapFunction(record, factory, {}, () => value)(), value);
      tracing.setRules('carbide=0.000001');
      assert.is(wrapFunction(record, factory, {}, () => value)(), value);
    }
    assert.is(tracing.openCount, 0);
  }));

test.run();
