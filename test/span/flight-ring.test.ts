// The ring of the flight recorder against a list of all calls, with few places and few numbers, so that both go round often.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Site } from '../../runtime/site/site.js';
import { type FlightCall, FlightRing, NO_CALL } from '../../runtime/span/flight-ring.js';
import { randomFrom } from '../random.js';

interface Call {
  readonly call: number;
  readonly site: Site;
  readonly parent: number;
  readonly root: number;
  readonly start: number;
  end: number | undefined;
  failed: boolean;
  under: string | undefined;
}

const PLACES = 7;
const NUMBERS = 30;
/** The largest multiple of the places within the numbers. */
const ROUND = 28;
const BYTES = 100_000;
const idOf = (spanId: string) => ({ traceId: 'a'.repeat(32), spanId, traceFlags: 1 });

const random = randomFrom(1);
const below = (count: number): number => Math.floor(random() * count);
const read = (calls: Iterable<FlightCall>): Call[] =>
  [...calls].map(({ detail, ...rest }) => ({ ...rest, under: detail?.under?.spanId }));

test('reads calls as a list of all of them would, for as long as they are held', () => {
  const ring = new FlightRing(PLACES, BYTES, NUMBERS);
  const all: Call[] = [];
  assert.equal(read(ring.calls(0)), []);
  for (let turn = 0; turn < 500; turn++) {
    const now = turn * 10;
    assert.is(ring.next, turn % ROUND);
    assert.not(ring.holds(ring.next));
    begin(ring, all, now);
    const other = all.at(-1 - below(Math.min(all.length, 2 * PLACES))) as Call;
    change(ring, other, all.slice(-PLACES).includes(other), now);
    for (const reading of [ring, ring.copy()]) compare(reading, other, all.slice(-PLACES), now - below(60));
  }
  assert.is(ring.underOf(NO_CALL), undefined);
  assert.equal(ring.chainOf(NO_CALL), []);
});

/** A call of one of the last ones, which the ring may hold no more, or of none. */
function begin(ring: FlightRing, all: Call[], start: number): void {
  const back = below(2 * PLACES);
  const parent = all.length > back && random() < 0.7 ? (all.at(-1 - back) as Call).call : NO_CALL;
  const site = { number: all.length } as unknown as Site;
  const call = ring.begin(site, parent, start);
  assert.is(call, all.length % ROUND);
  // the new call takes the place of the oldest before its parent is looked up
  const known = all.slice(1 - PLACES).find((each) => each.call === parent);
  const root = parent === NO_CALL ? call : (known?.root ?? parent);
  all.push({ call, site, parent, root, start, end: undefined, failed: false, under: undefined });
}

function change(ring: FlightRing, call: Call, isHeld: boolean, now: number): void {
  assert.is(ring.holds(call.call), isHeld);
  if (random() < 0.3) {
    const under = `${now}`.padStart(16, '0');
    ring.describe(call.call, { under: idOf(under) });
    if (isHeld) call.under = under;
  }
  assert.is(ring.underOf(call.call)?.spanId, isHeld ? call.under : undefined);
  if (random() < 0.4) return;
  const fails = random() < 0.3;
  assert.is(ring.end(call.call, now + 5, fails), isHeld ? now + 5 - call.start : Number.MAX_VALUE);
  if (!isHeld) return;
  call.end = now + 5;
  call.failed ||= fails;
}

function compare(ring: FlightRing, call: Call, held: Call[], since: number): void {
  const most = 1 + below(PLACES + 2);
  const ended = (list: Call[]): Call[] => list.filter(({ end }) => end === undefined || end >= since);
  assert.equal(read(ring.calls(since)), ended(held));
  assert.equal(read(ring.calls(since, undefined, most)), ended(held.slice(-most)));
  assert.equal(read(ring.calls(since, ring.next)), []);
  const at = held.indexOf(call);
  if (at >= 0) assert.equal(read(ring.calls(since, call.call)), ended(held.slice(at)));
  const chain: Call[] = [];
  const find = (number: number): Call | undefined => held.find((each) => each.call === number);
  for (let each = find(call.call); each !== undefined; each = find(each.parent)) chain.unshift(each);
  assert.equal(read(ring.chainOf(call.call)), chain);
}

test('a copy stays as it is while calls go on', () => {
  const ring = new FlightRing(2, BYTES);
  const site = {} as Site;
  const first = ring.begin(site, NO_CALL, 1);
  const copy = ring.copy();
  ring.end(first, 5, true);
  ring.describe(first, { under: idOf('b'.repeat(16)) });
  for (let count = 0; count < 3; count++) ring.begin({} as Site, first, 2);
  assert.equal(
    [...copy.calls(0)],
    [{ call: 0, site, parent: NO_CALL, root: 0, start: 1, end: undefined, failed: false, detail: undefined }],
  );
  assert.is(copy.begin(site, first, 9), 1);
  assert.equal(
    copy.chainOf(1).map(({ start }) => start),
    [1, 9],
  );
});

test('has as many places as asked for, as fit in four fifths of the bytes, and one at least', () => {
  assert.is(new FlightRing(10, BYTES).capacity, 10);
  assert.is(new FlightRing(1_000_000, 37_000).capacity, 800);
  assert.is(new FlightRing(0, 0).capacity, 1);
});

test('keeps what is described within the bytes, adds to it, and frees it with the place', () => {
  const places = 10;
  const ring = new FlightRing(places, places * 37 + 572);
  const detailOf = (call: number) => ring.chainOf(call).at(-1)?.detail;
  const next = (): number => ring.begin({} as Site, NO_CALL, 0);
  const text = 'x'.repeat(40);
  const first = next();
  ring.describe(first, { values: [text] });
  ring.describe(first, { error: { type: 'E', message: 'm' } });
  assert.equal(detailOf(first), { values: [text], error: { type: 'E', message: 'm' }, under: undefined, bytes: 436 });
  const second = next();
  ring.describe(second, { values: [text] });
  assert.is(detailOf(second), undefined, '288 bytes do not fit');
  ring.describe(second, { values: [7] });
  assert.is(detailOf(second)?.bytes, 136, 'these fill it');
  ring.describe(next(), { values: [] });
  assert.is(detailOf(2), undefined);
  for (let count = 0; count < places; count++) next();
  const last = next();
  ring.describe(last, { values: [text] });
  ring.describe(last, { under: idOf('c'.repeat(16)) });
  assert.is(detailOf(last)?.bytes, 288 + 192, 'the bytes of overwritten calls are free again');
  ring.describe(first, { values: [1] });
  assert.equal(detailOf(last)?.values, [text], 'an overwritten call describes nothing');
});

test.run();
