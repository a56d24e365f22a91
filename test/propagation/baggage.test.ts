// Baggage: declared keys with validators and defaults, scoped to the context that they were set for; limits of W3C Baggage; chosen
// keys as attributes of spans.

import { context as contextApi, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { baggage, extract, inject, instrument, SpanwrightError, withRemoteContext } from '../../runtime/index.js';
import { setNoticeLogger } from '../../runtime/warnings.js';
import { traced } from '../gate/tracing.js';

const pipeline = baggage.declare({
  'camera.id': { pattern: /[\w-]{1,64}/g, attribute: true },
  'event.priority': {
    values: ['low', 'normal', 'high', 'critical'],
    default: 'normal',
    attribute: 'app.priority',
    lowerCase: true,
  },
  'batch.id': { validate: (value) => Number(value) > 0 },
  failing: {
    validate: () => {
      throw new Error('no');
    },
  },
});
const header = (): string | undefined => (inject({}) as Record<string, string>).baggage;
const work = instrument({ name: 'work' }, () => 0);

function lines(during: () => void): string[] {
  const said: string[] = [];
  const before = setNoticeLogger((_level, line) => said.push(line));
  try {
    during();
  } finally {
    setNoticeLogger(before);
  }
  return said;
}

test('members beyond the limits are reported once, received and sent, by their number and not by their content', () =>
  traced({}, () => {
    const above = { baggage: `a=1,b=${'s3cret'.repeat(1000)},c=2,d=` };
    const received = lines(() => [extract(above), extract(above)]);
    assert.is(received.length, 1);
    assert.match(received[0] as string, /SPW040 .*: received baggage, members left out: 1; .*Set fewer or shorter values/);
    const sent = lines(() => baggage.set('long', 's3cret'.repeat(1000), () => inject({})));
    const large = propagation.createBaggage({ a: { value: 's3cret'.repeat(1000) }, b: { value: '1' } });
    sent.push(...lines(() => inject({}, undefined, propagation.setBaggage(ROOT_CONTEXT, large))));
    assert.match(sent.at(-1) as string, /SPW040 .*: own baggage, members left out: 1; /);
    const state = lines(() =>
      extract({
        traceparent: `00-${'1f'.repeat(16)}-${'2e'.repeat(8)}-01`,
        tracestate: `a=${'x'.repeat(200)},b=${'s3cret'.repeat(40)},c=${'z'.repeat(200)}`,
      }),
    );
    assert.match(state.at(-1) as string, /SPW040 .*: received tracestate of 3 members, 64\d characters; .*Reduce what/);
    assert.not.match([...received, ...sent, ...state].join(), 's3cret');
  }));

test('values hold inside the function that they are set for, over awaits and timers, and nowhere else', () =>
  traced({}, async () => {
    await pipeline.set({ 'camera.id': 'front_door', 'event.priority': 'high' }, async () => {
      assert.equal(pipeline.all(), { 'camera.id': 'front_door', 'event.priority': 'high' });
      await new Promise((resolve) => setTimeout(resolve, 5));
      assert.is(pipeline.get('camera.id'), 'front_door');
      pipeline.set({ 'camera.id': 'back_door' }, () => {
        assert.is(pipeline.get('camera.id'), 'back_door');
        assert.is(pipeline.get('event.priority'), 'high');
      });
      assert.is(pipeline.get('camera.id'), 'front_door');
      assert.is(
        pipeline.clear(() => pipeline.get('camera.id')),
        undefined,
      );
      assert.equal(
        pipeline.clear(() => pipeline.all(), ['camera.id']),
        { 'event.priority': 'high' },
      );
      assert.equal(
        pipeline.set({ 'camera.id': undefined }, () => pipeline.all()),
        { 'event.priority': 'high' },
      );
    });
    assert.equal(pipeline.all(), {});
    assert.throws(
      () =>
        pipeline.set({ 'camera.id': 'x' }, () => {
          throw new RangeError('own');
        }),
      (error: unknown) => error instanceof RangeError,
    );
    assert.is(propagation.getActiveBaggage(), undefined);
  }));

test('two requests side by side do not see each other', () =>
  traced({}, async () => {
    const seen = await Promise.all(
      ['a', 'b', 'c'].map((camera) =>
        pipeline.set({ 'camera.id': camera }, async () => {
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
          return pipeline.get('camera.id');
        }),
      ),
    );
    assert.equal(seen, ['a', 'b', 'c']);
  }));

test('a default is returned and not propagated; an invalid upstream value counts as absent', () =>
  traced({}, () => {
    assert.is(pipeline.get('event.priority'), 'normal');
    assert.is(header(), undefined);
    withRemoteContext({ baggage: 'event.priority=urgent,camera.id=a%20b,batch.id=-1' }, () => {
      assert.is(pipeline.get('event.priority'), 'normal');
      assert.is(pipeline.get('camera.id'), undefined);
      assert.is(pipeline.get('batch.id'), undefined);
    });
    withRemoteContext({ baggage: 'event.priority=CRITICAL,batch.id=7' }, () => {
      assert.is(pipeline.get('event.priority'), 'critical');
      assert.is(pipeline.get('batch.id'), '7');
    });
  }));

test('an invalid value is refused and logged, and the key keeps its value', () =>
  traced({}, () => {
    const said = lines(() => {
      pipeline.set({ 'camera.id': 'front_door' }, () => {
        pipeline.set({ 'camera.id': 'two words', failing: 'x', unknown: 'x' } as object, () => {
          assert.equal(pipeline.all(), { 'camera.id': 'front_door' });
        });
      });
      baggage.set('not a key', 'x', () => assert.is(header(), undefined));
      baggage.set('key', '\ud800', () => assert.is(header(), undefined));
      baggage.set('key', 'x'.repeat(4096), () => assert.is(header(), undefined));
    });
    assert.is(said.length, 5, said.join('\n'));
    for (const line of said) assert.match(line, /SPW019 a baggage value was refused: ".*"; expected/);
  }));

test('a pattern holds for the whole value, every time', () =>
  traced({}, () => {
    for (let time = 0; time < 3; time++)
      assert.is(
        pipeline.set({ 'camera.id': 'a' }, () => pipeline.get('camera.id')),
        'a',
      );
    lines(() =>
      assert.is(
        pipeline.set({ 'camera.id': 'a\nb' }, () => pipeline.get('camera.id')),
        undefined,
      ),
    );
  }));

test('chosen keys are attributes of every span below, the others are not', () =>
  traced({ enabled: true }, async ({ spans }) => {
    pipeline.set({ 'camera.id': 'front_door', 'event.priority': 'high', 'batch.id': '7' }, work);
    work();
    const [inside, outside] = (await spans()).map(({ attributes }) => attributes);
    assert.is(inside?.['camera.id'], 'front_door');
    assert.is(inside?.['app.priority'], 'high');
    assert.is(inside?.['batch.id'], undefined);
    assert.ok(outside && !('camera.id' in outside) && !('app.priority' in outside));
  }));

test('text of every language, with the special characters of the header, is read back as it was written', () =>
  traced({}, () => {
    for (const value of ['a,b;c=d', 'Tür 1', '日本', '100%', ' x ', '"', '\u0000']) {
      const carried = baggage.set('key', value, () => inject({}) as Record<string, string>);
      assert.match(carried.baggage as string, /^key=[\x21-\x2b\x2d-\x7e]*$/);
      assert.is(baggage.get('key', extract(carried)), value);
    }
  }));

test('metadata of an upstream member is propagated with it', () =>
  traced({}, () => {
    const context = extract({ baggage: 'a=1;ttl=5;private, b=2' });
    assert.is((inject({}, undefined, context) as Record<string, string>).baggage, 'a=1;ttl=5;private,b=2');
  }));

test('an empty value passes through, with its metadata and at its place', () =>
  traced({}, () => {
    const text = 'a=,b=1,c=;ttl=5';
    const context = extract({ baggage: 'a= ,b=1,c=;ttl=5' });
    assert.equal({ ...baggage.all(context) }, { a: '', b: '1', c: '' });
    assert.is((inject({}, undefined, context) as Record<string, string>).baggage, text);
    assert.is(baggage.get('key', extract(baggage.set('key', '', () => inject({})))), '');
    assert.equal({ ...baggage.all(extract({ baggage: 'a=,a=0,b=,b=' })) }, { b: '' });
    const unread = baggage.set('a', 'own', () => extract({ baggage: `a=;${'x'.repeat(5000)}` }, undefined, contextApi.active()));
    assert.is(baggage.get('a', unread), 'own');
  }));

test('what is sent keeps the limits of the specification: 8192 bytes, 180 members, 4096 bytes each', () =>
  traced({}, () => {
    let context = propagation.createBaggage();
    for (let member = 0; member < 300; member++) context = context.setEntry(`k${member}`, { value: 'x' });
    const sent = (entries: typeof context) =>
      (inject({}, undefined, propagation.setBaggage(extract({}), entries)) as Record<string, string>).baggage ?? '';
    assert.is(sent(context).split(',').length, 180);
    let large = propagation.createBaggage();
    for (let member = 0; member < 5; member++) large = large.setEntry(`k${member}`, { value: 'x'.repeat(3000) });
    assert.is(sent(large).split(',').length, 2);
    assert.ok(sent(large).length <= 8192);
    assert.is(sent(propagation.createBaggage({ big: { value: 'x'.repeat(4097) }, fits: { value: 'y' } })), 'fits=y');
  }));

test('8192 bytes with empty values, and a member of 4096 bytes with one, are propagated whole', () =>
  traced({}, () => {
    const received = (text: string) => (inject({}, undefined, extract({ baggage: text })) as Record<string, string>).baggage;
    const seen = lines(() => {
      const whole = `a=,b=${'x'.repeat(4000)},c=;m,d=${'y'.repeat(4000)},e=`;
      const full = `${whole}${'e'.repeat(8192 - whole.length)}`;
      assert.is(full.length, 8192);
      assert.is(received(full), full);
      const empty = `${whole.slice(0, -1)}${'e'.repeat(8192 - whole.length)}=`;
      assert.is(empty.length, 8192);
      assert.is(received(empty), empty);
      const one = `k=;${'m'.repeat(4093)}`;
      assert.is(received(`${one},l=1`), `${one},l=1`);
      const many = Array.from({ length: 180 }, (_, index) => `k${index}=`).join(',');
      assert.is(received(many), many);
    });
    assert.equal(seen, []);
    assert.is(received(`${'k=,'.repeat(3)}l=,m=1,k=`), 'k=,l=,m=1');
  }));

test('keeps the members of a received header that fit the limits, without malformed and contradicting ones', () =>
  traced({}, () => {
    const all = (text: string) => ({ ...baggage.all(extract({ baggage: text })) });
    assert.equal(all('a=1,b=%zz,=3,c,d d=4,e=5'), { a: '1', e: '5' });
    assert.equal(all('a=1,a=2,b=3'), { b: '3' });
    assert.equal(all('a=1,a=1'), { a: '1' });
    assert.equal(all(`a=${'x'.repeat(5000)},b=1`), { b: '1' });
    assert.equal(all(`a=1,b=${'x'.repeat(8192)}`), { a: '1' });
    const long = Array.from({ length: 4 }, (_, index) => `k${index}=${'x'.repeat(3000)}`).join(',');
    assert.equal(Object.keys(all(long)), ['k0', 'k1']);
    assert.equal(all('a%20b=1,c%2Bd=2'), { 'c+d': '2' });
    assert.equal(all('__proto__=1'), {});
    assert.is(Object.keys(all(Array.from({ length: 300 }, (_, index) => `k${index}=1`).join(','))).length, 180);
  }));

test('a declaration that contradicts itself throws', () => {
  const wrong = [
    () => baggage.declare({ 'two words': {} }),
    () => baggage.declare({ key: { values: ['a'], default: 'b' as 'a' } }),
    () => baggage.declare({ key: { path: 'cameras/:id' } }),
    () => baggage.declare({ key: { path: '/cameras' } }),
    () => baggage.declare({ key: { path: '/:a/:b' } }),
    () => baggage.declare({ key: { header: 'x y' } }),
  ];
  for (const declare of wrong)
    assert.throws(
      declare,
      (error: unknown) => error instanceof SpanwrightError && error.code === 'MISUSE' && /expected/.test(error.message),
    );
});

test.run();
