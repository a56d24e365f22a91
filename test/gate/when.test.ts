// `when`: a lease that switches on for calls with certain values. The first call that fulfils the conditions starts a trace, which is
// whole below; every other call is transparent.

import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseWhen, printWhen } from '../../runtime/gate/when.js';
import { InvalidArgumentError, instrument, type LeaseOptions, type TracingOptions } from '../../runtime/index.js';
import { traced } from './tracing.js';

const namesOf = (spans: readonly { readonly name: string }[]): string[] => spans.map(({ name }) => name).sort();

interface Power {
  readonly machineId: string;
  readonly rack?: unknown;
}

const firmware = instrument({ namespace: 'carbide::db', name: 'firmware' }, () => 1);
const powerControl = instrument(
  { namespace: 'carbide::power', name: 'powerControl', args: ['machineId', 'watts'] },
  (machineId: unknown, watts: unknown = 0) => [machineId, watts, firmware()],
);
const computed = { calls: 0 };
const reboot = instrument(
  {
    namespace: 'carbide::power',
    name: 'reboot',
    attributes: (power: Power) => {
      computed.calls++;
      firmware();
      return { machineId: power.machineId, rack: power.rack as string };
    },
  },
  (_power: Power) => firmware(),
);
const gold = instrument({ namespace: 'carbide::gold', name: 'gold', attributes: { tier: 'gold' } }, () => 1);
const tin = instrument({ namespace: 'carbide::tin', name: 'tin', attributes: { tier: 'tin' } }, () => 1);

/** Names of the spans that the work leaves behind while a lease with `when` is in force. */
function recordedWhen(
  when: string,
  work: () => unknown,
  options: LeaseOptions = {},
  setUp: TracingOptions = {},
): Promise<string[]> {
  return traced(setUp, async ({ tracing, spans }) => {
    tracing.setEnabled(true, { ...options, when });
    work();
    return namesOf(await spans());
  });
}

test('a call that fulfils the condition starts a trace, whole below; others leave nothing behind', async () => {
  assert.equal(await recordedWhen('machineId=m-17', () => powerControl('m-17')), ['firmware', 'powerControl']);
  assert.equal(await recordedWhen('machineId=m-17', () => [powerControl('m-18'), powerControl(undefined), firmware()]), []);
});

const COMPARISONS: readonly (readonly [when: string, argument: unknown, matches: boolean])[] = [
  ['machineId=m-17,m-18', 'm-18', true],
  ['machineId=m-17,m-18', 'm-1', false],
  ['machineId=m-*', 'm-99', true],
  ['machineId=m-*', 'x-99', false],
  ['machineId!=m-17', 'm-18', true],
  ['machineId!=m-17', 'm-17', false],
  ['machineId!=m-17', undefined, false],
  ['machineId=17', 17, true],
  ['machineId=17', 170, false],
  ['machineId=17', 17n, true],
  ['machineId=true', true, true],
  ['machineId=b', ['a', 'b'], true],
  ['machineId!=b', ['a', 'b'], false],
  ['machineId=c', ['a', 'b'], false],
  ['machineId=[object Object]', { toString: () => '[object Object]' }, false],
  ['machineId=a%26b%2Cc%2A%25', 'a&b,c*%', true],
  [' machineId = m-17 ', 'm-17', true],
  ['machineId=Größe', 'Größe', true],
  ['machineId=日本*', '日本語', true],
  ['machineId=日本*', '日', false],
  ['machineId=1000', 1e3, true],
  ['machineId=01', 1, false],
  ['machineId=1*', 17, true],
  ['machineId=false', true, false],
  ['machineId=*', '', true],
  ['machineId=*', null, false],
  ['machineId!=m-17', [], false],
  ['machineId=m=17', 'm=17', true],
];

for (const [when, argument, matches] of COMPARISONS) {
  test(`${when} ${matches ? 'admits' : 'does not admit'} ${String(argument)} (${typeof argument})`, async () => {
    assert.equal(await recordedWhen(when, () => powerControl(argument)), matches ? ['firmware', 'powerControl'] : []);
  });
}

test('the normal form of a condition means the same', async () => {
  const values = ['\u3000m', 'm\t', '=m', 'm&n,o*%', 'm%41'];
  for (const value of values) {
    const escaped = [...value].map((character) => (/\w/.test(character) ? character : percentEncoded(character))).join('');
    const [condition] = parseWhen(printWhen(parseWhen(`machineId=${escaped}`)));
    assert.is(condition?.expected[0]?.text, value);
  }
});

const percentEncoded = (character: string) => (character === '*' ? '%2A' : encodeURIComponent(character));

test('a value is compared without running any code of its own', async () => {
  const hostile = new Proxy([], {
    get: () => {
      throw new Error('a trap ran');
    },
  });
  const object = {
    get machineId(): string {
      throw new Error('a getter ran');
    },
  };
  const { proxy: revoked, revoke } = Proxy.revocable([], {});
  revoke();
  const codes: string[] = [];
  const work = () => [hostile, object, revoked, [revoked]].map((value) => powerControl(value));
  assert.equal(await recordedWhen('machineId=m-17', work, {}, { logger: ({ code }) => codes.push(code) }), []);
  assert.not.ok(codes.includes('SPW010'), codes.join());
});

test('conditions joined by & hold together', async () => {
  const when = 'machineId=m-17 & watts=5';
  assert.equal(await recordedWhen(when, () => [powerControl('m-17', 4), powerControl('m-18', 5)]), []);
  assert.equal(await recordedWhen(when, () => powerControl('m-17', 5)), ['firmware', 'powerControl']);
});

test('a condition on one argument does not look at the others', async () => {
  assert.equal(await recordedWhen('watts=5', () => powerControl('m-17', 5)), ['firmware', 'powerControl']);
  assert.equal(await recordedWhen('watts=5', () => powerControl(5, 4)), []);
});

test('an attribute that a callback computes is compared; the callback starts no trace, and may throw', async () => {
  assert.equal(await recordedWhen('rack=r1', () => reboot({ machineId: 'm', rack: 'r1' })), ['firmware', 'reboot']);
  assert.equal(await recordedWhen('rack=r1', () => reboot({ machineId: 'm', rack: 'r2' })), []);
  assert.equal(await recordedWhen('rack=r1', () => reboot(undefined as never)).catch((error) => String(error)), []);
});

test('a site that cannot record the name is not evaluated, and callbacks run only for conditions that the call can fulfil', async () => {
  computed.calls = 0;
  await recordedWhen('rack=r1', () => reboot({ machineId: 'm' }), { only: 'carbide::db' });
  assert.is(computed.calls, 0);
});

test('a constant attribute is compared once, where the site is judged', async () => {
  assert.equal(await recordedWhen('tier=gold', () => [gold(), tin(), firmware()]), ['gold']);
  assert.equal(await recordedWhen('code.function.name=carbide::tin::tin', () => [gold(), tin()]), ['tin']);
});

test('baggage of the active context is compared', async () => {
  const under = (tenant: string) => (work: () => unknown) =>
    context.with(propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage({ tenant: { value: tenant } })), work);
  assert.equal(await recordedWhen('baggage:tenant=acme,beta', () => under('beta')(firmware)), ['firmware']);
  assert.equal(await recordedWhen('baggage:tenant=acme,beta', () => [under('other')(firmware), firmware()]), []);
  const sent = (work: () => unknown) => () =>
    context.with(propagation.extract(ROOT_CONTEXT, { baggage: 'tenant=acme%20%26%20sons' }), work);
  assert.equal(await recordedWhen('baggage:tenant=acme %26 sons', sent(firmware)), ['firmware']);
  assert.equal(await recordedWhen('baggage:tenant!=acme %26 sons', () => [sent(firmware)(), firmware()]), []);
});

test('a header of the request is compared, in any case, where trace context is extracted', async () => {
  const request = (headers: Record<string, string>) => context.with(propagation.extract(ROOT_CONTEXT, headers), firmware);
  assert.equal(await recordedWhen('header:X-Customer=4*', () => request({ 'x-customer': '42' })), ['firmware']);
  assert.equal(await recordedWhen('header:x-customer=4*', () => [request({ 'x-customer': '52' }), request({}), firmware()]), []);
  const twice = () => request({ 'x-customer': '41, 42' });
  for (const when of ['header:x-customer=42', 'header:x-customer=41%2C 42'])
    assert.equal(await recordedWhen(when, twice), ['firmware'], when);
  for (const when of ['header:x-customer!=42', 'header:x-customer=4', 'header:x-customer!=43 & header:x-absent!=1'])
    assert.equal(await recordedWhen(when, twice), [], when);
});

test('the resource is compared once, for the whole process', async () => {
  const setUp = { serviceName: 'power', resource: { 'deployment.environment.name': 'canary' } };
  assert.equal(await recordedWhen('resource:service.name=power', firmware, {}, setUp), ['firmware']);
  assert.equal(await recordedWhen('resource:deployment.environment.name=can*', firmware, {}, setUp), ['firmware']);
  assert.equal(await recordedWhen('resource:service.name=other', firmware, {}, setUp), []);
});

test('with `only`, traces start only at those roots', async () => {
  const both = () => [powerControl('m-17'), reboot({ machineId: 'm-17' })];
  assert.equal(await recordedWhen('machineId=m-17', both, { only: 'carbide::power::reboot' }), ['firmware', 'reboot']);
});

test('conditions apply to roots by kind too', () => {
  const serve = instrument({ namespace: 'carbide::api', name: 'serve', kind: 'server', args: ['path'] }, (path: string) => path);
  return traced({ roots: 'kind:server' }, async ({ tracing, spans }) => {
    tracing.setEnabled(true, { when: 'path=/v1*' });
    serve('/v2');
    assert.equal(namesOf(await spans()), []);
    serve('/v1/power');
    assert.equal(namesOf(await spans()), ['serve']);
  });
});

test('conditions apply to spans of third-party instrumentation, by the attributes that they start with', () =>
  traced({}, async ({ tracing, spans }) => {
    const tracer = trace.getTracer('third-party');
    tracing.setEnabled(true, { when: 'url.path=/v1/power*' });
    tracer.startSpan('GET', { attributes: { 'url.path': '/v2' } }).end();
    tracer.startSpan('GET').end();
    assert.equal(namesOf(await spans()), []);
    tracer.startActiveSpan('GET', { attributes: { 'url.path': '/v1/power/on' } }, (span) => {
      firmware();
      span.end();
    });
    assert.equal(namesOf(await spans()), ['GET', 'firmware']);
  }));

test('several leases are combined; one without a condition allows all, and the end of the last restores the configuration', () =>
  traced({}, async ({ tracing, spans }) => {
    const first = tracing.setEnabled(true, { when: 'machineId=m-1' });
    tracing.setEnabled(true, { when: 'machineId=m-2', only: 'carbide::power' });
    for (const machine of ['m-1', 'm-2', 'm-3']) powerControl(machine);
    assert.is(namesOf(await spans()).filter((name) => name === 'powerControl').length, 2);
    const whole = tracing.setEnabled(true);
    powerControl('m-3');
    assert.is(namesOf(await spans()).filter((name) => name === 'powerControl').length, 3);
    tracing.endLease(whole.id);
    tracing.endLease(first.id);
    powerControl('m-1');
    assert.is(namesOf(await spans()).filter((name) => name === 'powerControl').length, 3);
    tracing.setEnabled(false);
    assert.equal(tracing.state().conditionalRoots, []);
    assert.is(tracing.state().roots, '*');
  }));

test('the configuration takes conditions, and a lease without any lifts them', () =>
  traced({ enabled: true, when: 'machineId=m-17' }, async ({ tracing, spans }) => {
    powerControl('m-18');
    powerControl('m-17');
    assert.equal(namesOf(await spans()), ['firmware', 'powerControl']);
    tracing.setEnabled(true);
    powerControl('m-18');
    assert.is(namesOf(await spans()).length, 4);
  }));

test('the answer, the state and the sites show the conditions, without the values that redact covers', () =>
  traced({}, ({ tracing }) => {
    const lease = tracing.setEnabled(true, { when: 'password=hunter2&watts!=1,2*' });
    assert.is(lease.when, 'password=*** & watts!=1,2*');
    assert.equal(tracing.state().conditionalRoots, [{ roots: '*', when: 'password=*** & watts!=1,2*' }]);
    assert.not.match(JSON.stringify([tracing.state(), tracing.leases()]), 'hunter2');
    const startsTraces = tracing.sites('carbide').filter(({ root }) => root);
    assert.equal(
      startsTraces.map((site) => site.function),
      ['reboot'],
      'its callback may return any attribute',
    );
  }));

test('a name that no site records, or the resource lacks, is accepted with a warning that has the nearest name', () =>
  traced({}, ({ tracing }) => {
    const { warnings } = tracing.setEnabled(true, { when: 'machineid=m-17 & watts=5' });
    assert.is(warnings.length, 1);
    assert.match(warnings.join(), /"machineid" is recorded by no known site \(of \d+\)\. Did you mean "machineId"\?/);
    assert.equal(tracing.setEnabled(true, { when: 'watts=5 & baggage:any=1 & resource:service.name=a' }).warnings, []);
    const [warning = ''] = tracing.setEnabled(true, { when: 'resource:service.nam=test' }).warnings;
    assert.match(warning, /resource of this process has no "service\.nam"\. Did you mean "service\.name"\?/);
  }));

const WRONG: readonly (readonly [what: string, when: unknown, says: RegExp])[] = [
  ['that is empty', '', /compares nothing/],
  ['without a comparison', 'machineId', /compares nothing/],
  ['without a name', '=hunter2', /compares nothing/],
  ['with an empty value', 'machineId=', /empty value/],
  ['with an empty member', 'machineId=hunter2,,m-18', /empty value/],
  ['with ==', 'machineId==hunter2', /expected one =/],
  ['with an empty part', 'machineId=hunter2&', /compares nothing/],
  ['with a star inside', 'machineId=hunter2*7', /star inside a value/],
  ['with a bad escape', 'machineId=hunter2%', /write %25/],
  ['on the duration', 'duration=hunter2', /not known before the call has ended/],
  ['with an invalid name', 'machine id=hunter2', /no valid name/],
  ['of an unknown source', 'cookie:a=hunter2', /no valid name/],
  ['that is no text', 7, /found the number 7/],
  ['that is too long', `machineId=${'m'.repeat(1000)}`, /at most 1000/],
  ['of too many parts', Array(11).fill('a=1').join('&'), /at most 10/],
];

for (const [what, when, says] of WRONG) {
  test(`"when" ${what} is refused without its value, and nothing changes`, () =>
    traced({}, ({ tracing }) => {
      const { revision } = tracing.state();
      try {
        tracing.setEnabled(true, { when: when as string });
        assert.unreachable('accepted');
      } catch (error) {
        assert.instance(error, InvalidArgumentError);
        assert.is((error as InvalidArgumentError).field, 'when');
        assert.match((error as Error).message, says);
        assert.not.match((error as Error).message, 'hunter2');
      }
      assert.is(tracing.state().revision, revision);
    }));
}

test('"when" is accepted with switching on only', () =>
  traced({}, ({ tracing }) => {
    assert.throws(() => tracing.setEnabled(false, { when: 'machineId=m-17' }), /valid only when tracing is switched on/);
    assert.throws(() => tracing.setRules('carbide=on', { when: 'machineId=m-17' }), /valid only when tracing is switched on/);
  }));

test.run();
