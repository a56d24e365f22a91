// The options `level`, down to which a rule has to reach, and `root`, which permits or forbids a call to start a trace.

import { context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, type TracingOptions } from '../../runtime/index.js';
import { type Traced, traced } from './tracing.js';

const prepare = instrument({ namespace: 'carbide::db::pool', name: 'prepare', level: 'trace' }, () => 1);
const query = instrument({ namespace: 'carbide::db', name: 'query', level: 'debug' }, () => prepare());
const find = instrument({ namespace: 'carbide::db', name: 'find', level: 'info' }, () => query());
const handle = instrument({ namespace: 'carbide::api', name: 'handle' }, () => find());

const poll = instrument({ namespace: 'carbide::api', name: 'poll', root: 'never', kind: 'server' }, () => find());
const drain = instrument({ namespace: 'other::drain', name: 'drain', root: 'always', args: ['node'] }, (node: string) => node);
const tick = instrument({ namespace: 'other::tick', name: 'tick', root: 'may', args: ['node'] }, (node: string) =>
  drain(`below ${node}`),
);

const recorded = (options: TracingOptions, work: (traced: Traced) => unknown): Promise<string[]> =>
  traced({ enabled: true, ...options }, async (given) => {
    work(given);
    return (await given.spans()).map(({ name }) => name).sort();
  });

const LEVELS: readonly (readonly [rules: string, names: readonly string[]])[] = [
  ['', ['find', 'handle']],
  ['*=on', ['find', 'handle']],
  ['carbide::db=info', ['find', 'handle']],
  ['carbide::db=debug', ['find', 'handle', 'query']],
  ['carbide::db=trace', ['find', 'handle', 'prepare', 'query']],
  ['*=trace, carbide::db::pool=debug', ['find', 'handle', 'query']],
  ['*=debug, carbide::db=off', ['handle']],
  ['carbide=off, carbide::db=debug', ['find', 'query']],
  ['*=off, carbide::db::pool=trace', ['prepare']],
  ['carbide::db=debug, carbide::db=on', ['find', 'handle']],
];

for (const [rules, names] of LEVELS) {
  test(`rules "${rules}" record ${names.join(', ')}`, async () => {
    assert.equal(await recorded({ rules }, () => handle()), names);
  });
}

test('a function below the level is transparent: what it calls hangs under its caller', async () => {
  await traced({ enabled: true, rules: 'carbide::db::pool=trace' }, async ({ expectSpans }) => {
    handle();
    await expectSpans('handle', '  find', '    prepare');
  });
});

test('a rules lease lowers the level of a namespace, and its end restores it', async () => {
  await traced({ enabled: true, rules: '*=0' }, async ({ tracing, spans }) => {
    const lease = tracing.setRules('carbide::db=debug', { for: '1m' });
    assert.is(tracing.state().rules, '*=off, carbide::db=debug');
    handle();
    assert.equal(
      (await spans()).map(({ name }) => name),
      ['query', 'find'],
    );
    tracing.endLease(lease.id);
    handle();
    assert.is((await spans()).length, 2);
  });
});

test('sites() shows level, root mark and the resulting decision', async () => {
  await traced({ rules: 'carbide::db=debug' }, ({ tracing }) => {
    const of = (name: string) => tracing.sites().find((site) => site.name === name);
    assert.is(of('query')?.level, 'debug');
    assert.is(of('query')?.verdict, 'on');
    assert.is(of('prepare')?.level, 'trace');
    assert.is(of('prepare')?.verdict, 'off');
    assert.is(of('handle')?.level, 'info');
    assert.equal([of('poll')?.rootMark, of('poll')?.root], ['never', false]);
    assert.equal([of('drain')?.rootMark, of('drain')?.root], ['always', true]);
    assert.equal([of('tick')?.rootMark, of('tick')?.root], ['may', true]);
  });
});

test('root "never" starts no trace under any root pattern, and is a span below another root', async () => {
  for (const roots of ['*', 'carbide::api', 'kind:server']) {
    const names = await recorded({ roots }, () => poll());
    assert.equal(names, roots === '*' ? ['find'] : [], roots);
  }
  const around = instrument({ namespace: 'carbide::api', name: 'around' }, () => poll());
  assert.equal(await recorded({}, () => around()), ['around', 'find', 'poll']);
});

test('root "never" starts no trace under conditions either', async () => {
  const names = await recorded({ enabled: false }, ({ tracing }) => {
    tracing.setEnabled(true, { when: 'resource:service.name=test' });
    poll();
  });
  assert.equal(names, ['find']);
});

test('root "never" records below a sampled parent of another service', async () => {
  const remote = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: TraceFlags.SAMPLED, isRemote: true };
  const names = await recorded({}, () => context.with(trace.setSpanContext(ROOT_CONTEXT, remote), poll));
  assert.equal(names, ['find', 'poll']);
});

const ROOTS: readonly (readonly [what: string, options: TracingOptions, names: readonly string[]])[] = [
  ['outside of the configured roots', { roots: 'carbide' }, ['drain', 'drain']],
  ['nowhere with roots "none"', { roots: 'none' }, []],
  ['nowhere while its rule is off', { roots: 'carbide', rules: 'other=off' }, []],
  ['under the configured conditions where they hold', { roots: 'carbide', when: 'node=n-1' }, ['drain']],
];
for (const [what, options, names] of ROOTS) {
  test(`root "always" starts a trace ${what}`, async () => {
    assert.equal(await recorded(options, () => [tick('n-1'), drain('n-1')]), names);
  });
}

test('root "always" does not widen a lease: `only` and `when` hold for it as for any other', async () => {
  const under = (lease: object, node: string) =>
    recorded({ enabled: false, roots: 'carbide' }, ({ tracing }) => {
      tracing.setEnabled(true, lease);
      drain(node);
    });
  assert.equal(await under({}, 'n-1'), ['drain']);
  assert.equal(await under({ only: 'carbide' }, 'n-1'), []);
  assert.equal(await under({ only: 'other' }, 'n-1'), ['drain']);
  assert.equal(await under({ when: 'node=n-1' }, 'n-1'), ['drain']);
  assert.equal(await under({ when: 'node=n-1' }, 'n-2'), []);
  assert.equal(await under({ only: 'carbide', when: 'node=n-1' }, 'n-1'), []);
});

test('a whole class has the level of its decorator, and a rule on one method applies to that method alone', async () => {
  class Store {
    read(): string {
      return this.decode();
    }
    decode(): string {
      return 'x';
    }
  }
  instrument({ namespace: 'carbide::store::Store', level: 'debug' })(Store);
  const names = (rules: string) => recorded({ rules }, () => new Store().read());
  assert.equal(await names(''), []);
  assert.equal(await names('carbide::store=debug'), ['Store.decode', 'Store.read']);
  assert.equal(await names('carbide::store::Store::decode=debug'), ['Store.decode']);
});

test('a level for one namespace leaves the ratio of its siblings unchanged', async () => {
  await traced({ rules: 'carbide::api=0.25, carbide::db=trace' }, ({ tracing }) => {
    const verdicts = Object.fromEntries(tracing.sites('carbide').map(({ name, verdict }) => [name, verdict]));
    assert.is(verdicts.handle, '0.25');
    assert.is(verdicts.prepare, 'on');
  });
});

test.run();
