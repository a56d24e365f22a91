// `only`: a lease that switches on for a part of the service. Traces start there and nowhere else, and are whole below.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InvalidArgumentError, instrument, type LeaseOptions } from '../../runtime/index.js';
import { traced } from './tracing.js';

const query = instrument({ namespace: 'carbide::db', name: 'query' }, () => 1);
const handle = instrument({ namespace: 'carbide::api', name: 'handle' }, () => query());
const handleV2 = instrument({ namespace: 'carbide::api2', name: 'handleV2' }, () => query());
const callAll = () => [handle(), handleV2(), query()];

test('traces start only at the roots of the lease, and hold all calls below them', () =>
  traced({ rules: 'carbide::db=on' }, async ({ tracing, expectSpans }) => {
    const lease = tracing.setEnabled(true, { only: ' carbide::api:: ' });
    assert.is(lease.only, 'carbide::api');
    assert.equal(lease.warnings, []);
    assert.is(tracing.state().roots, 'carbide::api');
    callAll();
    await expectSpans('handle', '  query');
  }));

test('the end of the lease puts the configured roots back', () =>
  traced({ enabled: true, roots: ['carbide::db'] }, async ({ tracing, expectSpans }) => {
    const lease = tracing.setEnabled(true, { only: 'carbide::api2' });
    assert.ok(tracing.endLease(lease.id));
    assert.is(tracing.state().roots, 'carbide::db');
    query();
    handleV2();
    // handleV2 may not start a trace, so the query that it calls starts one.
    await expectSpans('query', 'query');
  }));

test('several restricted leases are combined; one without a restriction allows all', () =>
  traced({}, ({ tracing }) => {
    tracing.setEnabled(true, { only: 'carbide::api' });
    tracing.setEnabled(true, { only: 'carbide::db' });
    assert.is(tracing.state().roots, 'carbide::api, carbide::db');
    const whole = tracing.setEnabled(true);
    assert.is(tracing.state().roots, '*');
    tracing.endLease(whole.id);
    assert.is(tracing.state().roots, 'carbide::api, carbide::db');
    tracing.setEnabled(false);
    assert.is(tracing.state().roots, '*');
  }));

test('a namespace that no site has is accepted with a warning', () =>
  traced({}, ({ tracing }) => {
    assert.match(
      tracing.setEnabled(true, { only: 'carbide::nothing-here' }).warnings.join(),
      '"carbide::nothing-here" matches no known site',
    );
  }));

const WRONG: readonly (readonly [what: string, change: (set: SetEnabled) => unknown, says: RegExp])[] = [
  ['with switching off', (set) => set(false, { only: 'carbide' }), /valid only when tracing is switched on/],
  ['that names nothing', (set) => set(true, { only: ' , ' }), /names nothing/],
  ['"none"', (set) => set(true, { only: 'none' }), /names nothing/],
  ['that is no pattern', (set) => set(true, { only: 'car*bide' }), /holds "\*"/],
  ['that is no text', (set) => set(true, { only: 7 as never }), /found the number 7/],
];
type SetEnabled = (value: boolean, options: LeaseOptions) => unknown;

for (const [what, change, says] of WRONG) {
  test(`"only" ${what} is refused, and nothing changes`, () =>
    traced({}, ({ tracing }) => {
      const held = tracing.setEnabled(true).id;
      const { revision } = tracing.state();
      try {
        change((value, options) => tracing.setEnabled(value, options));
        assert.unreachable('accepted');
      } catch (error) {
        assert.instance(error, InvalidArgumentError);
        assert.is((error as InvalidArgumentError).field, 'only');
        assert.match((error as Error).message, says);
      }
      assert.throws(() => tracing.setRules('carbide=on', { only: 'carbide' }), /valid only when tracing is switched on/);
      assert.is(tracing.state().revision, revision);
      assert.equal(
        tracing.leases().map(({ id }) => id),
        [held],
      );
    }));
}

test.run();
