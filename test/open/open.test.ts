// The count and the table of open spans, the watchdog, and the end at shutdown.

import { createHook } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, startSpan, startTracing } from '../../runtime/index.js';
import { ObservedSpan, type SdkSpan } from '../../runtime/open/observed.js';
import { type OpenEntry, OpenTable } from '../../runtime/open/table.js';
import { Watchdog } from '../../runtime/open/watchdog.js';
import type { Site } from '../../runtime/site/site.js';
import { state } from '../../runtime/state.js';
import { parseDuration } from '../../runtime/text/duration.js';
import { setNoticeLogger } from '../../runtime/warnings.js';
import { traced } from '../gate/tracing.js';
import { randomFrom } from '../random.js';
import { PlainTable } from './plain-table.js';

function gateOf() {
  let open: () => void = () => {};
  let fail: (error: Error) => void = () => {};
  const until = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { until, open, fail };
}

const wait = instrument({ namespace: 'carbide::api', name: 'wait' }, (until: Promise<void>) => until);
const drain = instrument({ namespace: 'carbide::drain', name: 'drain', longRunning: true }, (until: Promise<void>) => until);

test('the count of open spans is exact across results, errors and changes of the flag during calls', () =>
  traced({ enabled: true }, async ({ tracing }) => {
    const first = gateOf();
    const second = gateOf();
    const calls = [wait(first.until), wait(second.until), drain(first.until)];
    assert.is(tracing.openCount, 3);
    assert.equal({ ...tracing.state().openByNamespace }, { 'carbide::api': 2, 'carbide::drain': 1 });
    tracing.setEnabled(false);
    assert.is(tracing.openCount, 3, 'open spans stay counted when the flag goes off');
    second.fail(new Error('no'));
    await calls[1]?.catch(() => {});
    assert.is(tracing.openCount, 2);
    first.open();
    await Promise.all([calls[0], calls[2]]);
    assert.is(tracing.openCount, 0);
    assert.equal({ ...tracing.state().openByNamespace }, {});
    const { started, ended } = tracing.state().spans;
    assert.is(started, 3);
    assert.is(ended, 3);
  }));

test('a second end changes nothing', () =>
  traced({ enabled: true }, async ({ tracing, spans }) => {
    const span = trace.getTracer('t').startSpan('twice');
    assert.is(tracing.openCount, 1);
    span.end();
    span.end();
    assert.is(tracing.openCount, 0);
    assert.is(tracing.state().spans.ended, 1);
    assert.is((await spans()).length, 1);
  }));

test('the table shows what is open, oldest first, with age, ids and site, and no attributes unless asked', () =>
  traced({ enabled: true }, async ({ tracing }) => {
    const gate = gateOf();
    const call = wait(gate.until);
    await sleep(15);
    const later = drain(gate.until);
    const [oldest, newest, ...rest] = tracing.openSpans();
    assert.is(rest.length, 0);
    assert.is(oldest?.name, 'wait');
    assert.ok((oldest?.ageMs ?? 0) >= 14 && (oldest?.ageMs ?? 0) > (newest?.ageMs ?? 0));
    assert.match(oldest?.traceId ?? '', /^[0-9a-f]{32}$/);
    assert.match(oldest?.spanId ?? '', /^[0-9a-f]{16}$/);
    assert.ok(oldest?.site?.startsWith('carbide::api::'));
    assert.is(newest?.longRunning, true);
    assert.is(oldest?.attributes, undefined);
    assert.is(tracing.openSpans({ attributes: true })[0]?.attributes?.['code.namespace'], 'carbide::api');
    assert.is(tracing.openSpans({ limit: 1 }).length, 1);
    gate.open();
    await Promise.all([call, later]);
    assert.equal(tracing.openSpans(), []);
  }));

test('beyond maxOpenSpans spans are refused, counted and logged once; freed places are used again', async () => {
  const lines: string[] = [];
  setNoticeLogger((_level, line) => lines.push(line));
  await traced({ enabled: true, maxOpenSpans: 3 }, async ({ tracing }) => {
    const gate = gateOf();
    const calls = Array.from({ length: 10 }, () => wait(gate.until));
    assert.is(tracing.openCount, 3);
    const full = lines.filter((line) => line.includes('SPW025'));
    assert.is(full.length, 1);
    assert.match(full[0] ?? '', /3 spans are open, the most of them \(3\) in "carbide::api"/);
    assert.is(tracing.state().spans.refused, 7);
    gate.open();
    await Promise.all(calls);
    assert.is(tracing.openCount, 0);
    await wait(Promise.resolve());
    assert.is(tracing.state().spans.started, 4);
    assert.is(tracing.state().spans.refused, 7);
  });
  setNoticeLogger(undefined);
});

type Entry = OpenEntry & { readonly site: { readonly namespace: string } };

const leak = (namespace: string) => trace.getTracer('leak').startSpan('leak', { attributes: { 'code.namespace': namespace } });

test('one namespace holds at most its share of maxOpenSpans, and an eighth stays for the others', async () => {
  const lines: string[] = [];
  setNoticeLogger((_level, line) => lines.push(line));
  await traced({ enabled: true, maxOpenSpans: 40 }, async ({ tracing }) => {
    const leaks = Array.from({ length: 100 }, () => leak('carbide::leaky'));
    assert.is(tracing.openCount, 35);
    assert.is(tracing.state().spans.refused, 65);
    const gate = gateOf();
    const calls = Array.from({ length: 8 }, () => wait(gate.until));
    assert.equal({ ...tracing.state().openByNamespace }, { 'carbide::api': 5, 'carbide::leaky': 35 });
    leaks[1]?.end();
    assert.is(leak('carbide::leaky').isRecording(), true, 'an end frees its place, while the others hold theirs');
    assert.is(leak('carbide::leaky').isRecording(), false);
    const full = lines.filter((line) => line.includes('SPW025'));
    assert.is(full.length, 1);
    assert.match(full[0] ?? '', /"carbide::leaky" has 35 open spans, its share of 40/);
    gate.open();
    await Promise.all(calls);
    assert.is(leak('carbide::leaky').isRecording(), false, 'the share is still taken');
    leaks[0]?.end();
    assert.is(leak('carbide::leaky').isRecording(), true, 'an end frees its place');
    assert.is(leak('carbide::leaky').isRecording(), false);
  });
  setNoticeLogger(undefined);
});

test('a full share is reported again once half of the places were free, not before', () => {
  const table = new OpenTable<Entry>();
  const reported: unknown[] = [];
  table.onFull = (namespace) => reported.push(namespace);
  table.restart(8);
  const entries: Entry[] = [];
  const fill = () => {
    while (table.hasRoom('a')) {
      const entry = entryOf('a');
      table.enter(entry);
      entries.push(entry);
    }
    return [table.count, reported.length];
  };
  const leave = (count: number) => {
    for (const entry of entries.splice(0, count)) table.leave(entry);
  };
  assert.equal(fill(), [7, 1]);
  leave(2);
  assert.equal(fill(), [7, 1], 'five of eight places were still taken');
  leave(3);
  assert.equal(fill(), [7, 2]);
  assert.equal(reported, ['a', 'a']);
});

const entryOf = (namespace: string): Entry => ({ before: undefined, after: undefined, listed: false, site: { namespace } });

/** Starts a span of the namespace if there is room. */
function tryToStart(table: OpenTable<Entry>, plain: PlainTable, namespace: string): void {
  const room = plain.hasRoom(namespace);
  assert.is(table.hasRoom(namespace), room);
  if (!room) return;
  const entry = entryOf(namespace);
  table.enter(entry);
  plain.enter(entry, namespace);
}

function end(table: OpenTable<Entry>, plain: PlainTable, row: PlainTable['rows'][number]): void {
  const entry = row.entry as Entry;
  table.leave(entry);
  assert.equal([entry.before, entry.after], [undefined, undefined], 'keeps no other span in memory');
  table.leave(entry);
  plain.leave(row);
}

function assertAlike(table: OpenTable<Entry>, plain: PlainTable): void {
  assert.ok([...table].every((entry, at) => entry === plain.rows[at]?.entry));
  assert.equal([table.count, table.started, table.ended], [plain.rows.length, plain.started, plain.started - plain.rows.length]);
  const { namespace, places } = table.largest() ?? { namespace: 'none', places: 0 };
  assert.is(places, Math.max(...['a', 'b', 'c'].map((each) => plain.places(each))));
  assert.is(plain.places(namespace), places);
}

test('in any order of starts, ends and reported leaks, room, counts, order and reports are those of a plain list', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = randomFrom(seed);
    const oneOf = <T>(all: ArrayLike<T>): T => all[Math.floor(random() * all.length)] as T;
    const plain = new PlainTable(1 + Math.floor(random() * 24));
    const names = seed % 2 === 0 ? 'aaabbc' : 'aaaaaaaaab';
    const table = new OpenTable<Entry>();
    const reported: unknown[] = [];
    table.onFull = (namespace) => reported.push(namespace);
    table.restart(plain.max);
    for (let step = 0; step < 400; step++) {
      const grows = random() < (step % 100 < 60 ? 0.7 : 0.2);
      const row = oneOf(plain.rows);
      if (grows || row === undefined) tryToStart(table, plain, oneOf(names));
      else if (row.excused || random() < 0.8) end(table, plain, row);
      else {
        const tooMany = plain.excuse(row);
        assert.ok(table.excuse(row.entry as Entry) === tooMany?.entry, 'the one that was reported first');
        if (tooMany !== undefined) end(table, plain, tooMany);
      }
      assertAlike(table, plain);
    }
    assert.equal([table.refused, reported], [plain.refused, plain.reported], `seed ${seed}`);
  }
});

test('a span that is open can be taken back without a trace in the counts; one that has ended can be neither taken back nor excused', () => {
  const table = new OpenTable<Entry>();
  const entry = entryOf('a');
  table.enter(entry);
  table.leave(entry);
  assert.is(table.excuse(entry), undefined);
  table.retract(entry);
  assert.equal([table.count, table.started, table.ended], [0, 1, 1]);
  table.restart(1);
  assert.is(table.hasRoom('a'), true);
  table.enter(entry);
  assert.is(table.hasRoom('a'), false, 'takes the one place');
  table.retract(entry);
  assert.equal([table.count, table.started, table.ended, table.hasRoom('a')], [0, 0, 0, true], 'as if it had never started');
});

test('a set-up reports a full table again, and its counts start at zero', async () => {
  for (let round = 0; round < 2; round++) {
    await traced({ enabled: true, maxOpenSpans: 1, maxCallDepth: 1, maxSpanAge: '30m' }, ({ tracing }) => {
      const { started, ended, leaked, refused, tooDeep } = tracing.state().spans;
      assert.equal([started, ended, leaked, refused, tooDeep], [0, 0, 0, 0, 0]);
      const reported: unknown[] = [];
      state.open.onFull = (namespace) => reported.push(namespace);
      const old = trace.getTracer('t').startSpan('old', { startTime: Date.now() - 3_600_000 });
      trace.getTracer('t').startSpan('refused');
      assert.equal(reported, [undefined]);
      look('30m');
      old.end();
      const inner = instrument({ name: 'inner' }, () => 1);
      instrument({ name: 'outer' }, () => inner())();
      const after = tracing.state().spans;
      assert.equal([after.started, after.ended, after.leaked, after.refused, after.tooDeep], [2, 2, 1, 1, 1]);
    });
  }
});

test('an iteration ends also where an application has broken the links', () => {
  const table = new OpenTable<Entry>();
  const entries = ['a', 'b'].map(entryOf);
  for (const entry of entries) table.enter(entry);
  (entries[1] as Entry).after = entries[0];
  assert.is([...table].length, 2);
});

test('with onLeak report a leaked span stays open and frees its place; their number is bounded', () =>
  traced({ enabled: true, maxOpenSpans: 8, maxSpanAge: '30m', onLeak: 'report' }, ({ tracing }) => {
    const startTime = Date.now() - 3_600_000;
    const dog = new Watchdog(state.open, state.gate, 30 * 60_000, 'report', () => {});
    const leaks: Span[] = [];
    for (let round = 1; round <= 3; round++) {
      for (let n = 0; n < 10; n++) leaks.push(trace.getTracer('t').startSpan(`${round}`, { startTime }));
      dog.look();
      assert.is(state.open.hasRoom('t'), true, `round ${round}`);
    }
    dog.stop();
    assert.is(tracing.openCount, 8, 'seven of a round, three rounds, all but eight ended');
    assert.is(tracing.state().spans.leaked, 21);
    assert.equal(
      tracing.openSpans().map((span) => span.name),
      ['2', ...Array(7).fill('3')],
    );
    for (const span of leaks) span.end();
    assert.is(tracing.openCount, 0);
    assert.is(tracing.state().spans.ended, 21);
    for (let n = 0; n < 7; n++) assert.is(trace.getTracer('t').startSpan('after').isRecording(), true);
    assert.is(trace.getTracer('t').startSpan('after').isRecording(), false, 'the freed places are counted once');
  }));

test('the watchdog ends a span that is too old, marks and counts it, and reports its namespace once', async () => {
  const lines: string[] = [];
  setNoticeLogger((_level, line) => lines.push(line));
  await traced({ enabled: true, maxSpanAge: 40 }, async ({ tracing, spans }) => {
    const gate = gateOf();
    const calls = [wait(gate.until), wait(gate.until)];
    await sleep(120);
    assert.is(tracing.openCount, 0);
    assert.is(tracing.state().spans.leaked, 2);
    const all = await spans();
    assert.equal(
      all.map((span) => span.attributes['spanwright.leak']),
      ['age', 'age'],
    );
    const leakLines = lines.filter((line) => line.includes('SPW013'));
    assert.is(leakLines.length, 1);
    // a look that falls between the two starts finds one of them
    assert.match(leakLines[0] ?? '', /carbide::api: [12] open/);
    gate.open();
    await Promise.all(calls);
    assert.is(tracing.state().spans.ended, 2, 'a late end is harmless');
    assert.is((await spans()).length, 2);
  });
  setNoticeLogger(undefined);
});

test('the watchdog reports the leaks of a namespace as one, with their number', () =>
  traced({ enabled: true, maxSpanAge: '30m' }, () => {
    const reports: unknown[] = [];
    for (let n = 0; n < 3; n++) trace.getTracer('t').startSpan('old', { startTime: Date.now() - 3_600_000 });
    const dog = new Watchdog(state.open, state.gate, 1_800_000, 'end', ({ reason, count }) => reports.push([reason, count]));
    dog.look();
    dog.stop();
    assert.equal(reports, [['age', 3]]);
  }));

test('the watchdog does not end young spans or long-running ones', () =>
  traced({ enabled: true, maxSpanAge: '30m' }, ({ tracing }) => {
    const startTime = Date.now() - 3_600_000;
    const ahead = trace.getTracer('t').startSpan('ahead', { startTime: Date.now() + 3_600_000 });
    const long = startedAt('drain', startTime);
    trace.getTracer('t').startSpan('old', { startTime });
    const young = trace.getTracer('t').startSpan('young');
    look('30m');
    assert.equal(
      tracing.openSpans().map((span) => span.name),
      ['ahead', 'drain', 'young'],
    );
    assert.is(tracing.state().spans.leaked, 1);
    for (const span of [ahead, long, young]) span.end();
  }));

test('the watchdog runs every quarter of the age, at least 10 ms and at most 10 s apart, and does not keep the process alive', () => {
  const timeouts: { _repeat: number; _destroyed: boolean; hasRef(): boolean }[] = [];
  const hook = createHook({
    init: (_id, type, _trigger, resource) => void (type === 'Timeout' && timeouts.push(resource as never)),
  });
  hook.enable();
  const dogs = [4, 2000, 60_000].map((age) => new Watchdog(state.open, state.gate, age, 'end', () => {}));
  hook.disable();
  assert.equal(
    timeouts.map((timer) => timer._repeat),
    [10, 500, 10_000],
  );
  assert.equal(
    timeouts.map((timer) => timer.hasRef()),
    [false, false, false],
  );
  for (const dog of dogs) dog.stop();
  assert.equal(
    timeouts.map((timer) => timer._destroyed),
    [true, true, true],
    'stopped with the watchdog',
  );
});

test("the table shows the attributes of a span of the user's own SDK where they are asked for", async () => {
  const before = performance.now();
  const span = new BasicTracerProvider().getTracer('own').startSpan('own', { attributes: { a: 1 } });
  const observed = new ObservedSpan([...state.sites][0] as Site, span as unknown as SdkSpan);
  state.open.enter(observed);
  await traced({ enabled: true }, ({ tracing }) => {
    const [shown, ...rest] = tracing.openSpans({ attributes: true });
    assert.equal([shown?.name, shown?.attributes, rest], ['own', { a: 1 }, []]);
    assert.ok((shown?.ageMs ?? -1) >= 0 && (shown?.ageMs ?? -1) <= performance.now() - before, `${shown?.ageMs} ms`);
  });
  state.open.leave(observed);
});

test("the watchdog marks and ends a span of the user's own SDK", () => {
  const span = new BasicTracerProvider().getTracer('own').startSpan('own') as unknown as SdkSpan & { ended: boolean };
  const observed = new ObservedSpan([...state.sites][0] as Site, span);
  state.open.enter(observed);
  look('0ms');
  state.open.leave(observed);
  assert.equal([span.ended, span.attributes['spanwright.leak']], [true, 'age']);
});

/** A span of the site that makes spans of this name, begun at that time. */
function startedAt(name: string, startTime: number): Span {
  const site = [...state.sites].find(({ spanName }) => spanName === name) as Site;
  const { recorder } = state;
  if (recorder === undefined) throw new Error('tracing does not run');
  return recorder.start(site, { name, context: ROOT_CONTEXT, parent: undefined, startTime });
}

/** Runs the watchdog's timer now. */
function look(age: string, policy: 'end' | 'drop' = 'end'): void {
  const watchdog = new Watchdog(state.open, state.gate, parseDuration(age, 'age'), policy, () => {});
  watchdog.look();
  watchdog.stop();
}

test('onLeak: drop affects the leaking function or namespace only', () =>
  traced({ enabled: true, maxSpanAge: '30m' }, async ({ tracing, expectSpans }) => {
    const leaky = instrument({ name: 'leaky' }, function leaky() {});
    leaky();
    startedAt('leaky', Date.now() - 3_600_000);
    const manual = startSpan('manual', { namespace: 'carbide::manual' });
    assert.equal({ ...tracing.state().openByNamespace }, { '': 1, 'carbide::manual': 1 });
    manual.end();
    look('30m', 'drop');
    leaky();
    await expectSpans('leaky', 'manual', 'leaky | spanwright.leak="age"');
    // of the manual spans only those of the leaking namespace
    const site = [...state.sites].find(({ namespace }) => namespace === 'carbide::manual') as Site;
    state.gate.dropLeaky({ kind: 'namespace', text: site.namespace, open: true });
    startSpan('manual', { namespace: 'carbide::manual' }).end();
    startSpan('other', { namespace: 'carbide::other' }).end();
    await expectSpans('leaky', 'manual', 'leaky | spanwright.leak="age"', 'other');
    assert.is(tracing.sites('carbide::manual')[0]?.verdict, 'drop');
  }));

test('onLeak: drop takes a third-party span by the namespace that it has, else by its scope', () =>
  traced({ enabled: true, maxSpanAge: '30m' }, async ({ expectSpans }) => {
    const startTime = Date.now() - 3_600_000;
    const tracer = trace.getTracer('leaking-library');
    const inNamespace = { attributes: { 'code.namespace': 'carbide::lib' } };
    tracer.startSpan('leak', { ...inNamespace, startTime });
    look('30m', 'drop');
    tracer.startSpan('left out', inNamespace).end();
    tracer.startSpan('of the scope').end();
    await expectSpans('leak | spanwright.leak="age"', 'of the scope');
    tracer.startSpan('below it', { attributes: { 'code.namespace': 'carbide::lib::part' } }).end();
    tracer.startSpan('leak', { startTime });
    look('30m', 'drop');
    tracer.startSpan('left out').end();
    trace.getTracer('leaking-library-2').startSpan('of another scope').end();
    const leaked = 'leak | spanwright.leak="age"';
    await expectSpans(leaked, 'of the scope', leaked, 'of another scope');
  }));

test('a namespace dropped for leaking is recorded again after a restart', async () => {
  const leaky = instrument({ name: 'leaky' }, function leaky() {});
  await traced({ enabled: true }, async ({ expectSpans }) => {
    const { revision } = state.gate;
    state.gate.dropLeaky({ kind: 'namespace', text: 'leaky', open: true });
    assert.ok(state.gate.revision > revision, 'a change under the old revision is refused');
    leaky();
    await expectSpans();
  });
  await traced({ enabled: true }, async ({ expectSpans }) => {
    leaky();
    await expectSpans('leaky');
  });
});

test('onLeak: report counts a leak once and leaves the span to its owner', () =>
  traced({ enabled: true, maxSpanAge: 30, onLeak: 'report' }, async ({ tracing, spans }) => {
    const gate = gateOf();
    const call = wait(gate.until);
    await sleep(120);
    assert.is(tracing.openCount, 1);
    assert.is(tracing.state().spans.leaked, 1);
    gate.open();
    await call;
    assert.is((await spans())[0]?.attributes['spanwright.leak'], undefined);
  }));

test('onLeak: drop makes the leaking namespace transparent from then on, and no other', () =>
  traced({ enabled: true, maxSpanAge: 30, onLeak: 'drop' }, async ({ tracing, expectSpans }) => {
    const gate = gateOf();
    const leaking = instrument({ namespace: 'carbide::leaky', name: 'leaking' }, (until: Promise<void>) => until);
    const call = leaking(gate.until);
    await sleep(120);
    gate.open();
    await call;
    await leaking(Promise.resolve());
    await wait(Promise.resolve());
    await expectSpans('leaking | spanwright.leak="age"', 'wait');
    assert.is(tracing.sites('carbide::leaky')[0]?.verdict, 'drop');
    assert.is(tracing.sites('carbide::api')[0]?.verdict, 'on');
  }));

test('at shutdown open spans are ended, marked and sent', async () => {
  const gate = gateOf();
  let seen: unknown[] = [];
  class Keeping extends InMemorySpanExporter {
    override shutdown(): Promise<void> {
      seen = [...this.getFinishedSpans()].map((span) => span.attributes['spanwright.leak']);
      return super.shutdown();
    }
  }
  const tracing = await startTracing({ enabled: true, spanProcessors: [new SimpleSpanProcessor(new Keeping()) as never] });
  void drain(gate.until);
  await tracing.shutdown();
  assert.equal(seen, ['shutdown']);
  gate.open();
});

test('metrics are Prometheus text, with the name that the user gave the open count', () =>
  traced({ enabled: true, openSpansMetric: 'carbide_api_tracing_spans_open' }, async ({ tracing }) => {
    const gate = gateOf();
    const call = wait(gate.until);
    const text = tracing.metrics();
    assert.match(text, /^carbide_api_tracing_spans_open 1$/m);
    assert.match(text, /^otel_sdk_span_live 1$/m);
    assert.match(text, /^spanwright_namespace_spans_open\{namespace="carbide::api"\} 1$/m);
    for (const line of text.trim().split('\n'))
      assert.match(line, /^(# (HELP|TYPE) \w+ .+|[a-z_]+(\{namespace="[^"\n]*"(,le="[^"]+")?\})? [\d.e-]+)$/);
    gate.open();
    await call;
    assert.match(tracing.metrics(), /^carbide_api_tracing_spans_open 0$/m);
  }));

test('by default the open count is called spanwright_spans_open', () =>
  traced({ enabled: true }, ({ tracing }) => {
    assert.match(tracing.metrics(), /^spanwright_spans_open 0$/m);
    assert.not(tracing.metrics().includes('carbide_api'));
  }));

test.run();
