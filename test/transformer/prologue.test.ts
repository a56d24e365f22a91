// Traps of the prologue, each with its smallest program: what a function that records its calls from inside must not change.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, execute } from './compile.js';

const PROGRAM = `import { instrument, startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { types } from 'node:util';

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
export class Stack {
  @instrument async low() { await tick(); throw new Error('x'); }
  @instrument async high() { await this.low(); }
  @instrument depth(n: number): number { return n === 0 ? 0 : 1 + this.depth(n - 1); }
  @instrument frames() { return new Error().stack!.split('\\n').slice(1, 3).map((line) => /at (\\S+)/.exec(line)![1]); }
}
const Mix = (tag: string, Base: any) => {
  class Mixed extends Base { @instrument who(): string { return tag + (super.who?.() ?? ''); } }
  return Mixed;
};
const A = Mix('a', Object);
const B = Mix('b', A);

async function report() {
  const stack = new Stack();
  const frames: number = await stack.high().then(() => 0, (error: Error) => error.stack!.split('\\n').filter((line) => /at async Stack.high/.test(line)).length);
  return { asyncFrames: frames > 0, depth: stack.depth(5), mixed: new B().who(), isAsync: types.isAsyncFunction(stack.low), frames: stack.frames() };
}
async function main() {
  const off = await report();
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'test', enabled: true, exporter });
  const on = await report();
  await tracing.forceFlush();
  console.log(JSON.stringify({ off, on, spans: exporter.getFinishedSpans().map(({ name }) => name) }));
  await tracing.shutdown();
}
void main();
`;

for (const target of ['ES2017', 'ES2022'])
  test(`a method with a prologue keeps its stacks, its kind and its own function: ${target}`, () => {
    const { diagnostics, directory } = compile({
      files: { 'src/main.ts': PROGRAM },
      compilerOptions: { experimentalDecorators: true, target },
    });
    assert.equal(diagnostics, []);
    const { stdout, stderr } = execute(directory, 'out/main.js');
    assert.ok(stdout.includes('{'), stderr);
    const { off, on, spans } = JSON.parse(stdout.slice(stdout.indexOf('{')));
    assert.equal(off, { asyncFrames: true, depth: 5, mixed: 'ba', isAsync: true, frames: ['Stack.frames', 'report'] });
    assert.equal({ ...on, frames: undefined }, { ...off, frames: undefined });
    assert.is(spans.filter((name: string) => name === 'Stack.depth').length, 6);
    assert.is(spans.filter((name: string) => /who$/.test(name)).length, 2);
  });

const TURNS = `import { instrument, startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';

class Work {
  async bare(fails: boolean) { if (fails) throw new Error('x'); return 1; }
  @instrument async recorded(fails: boolean) { if (fails) throw new Error('x'); return 1; }
}
/** Microtasks until a reaction of the promise runs. */
async function turns(promise: Promise<unknown>): Promise<number> {
  let settled = false;
  const done = (): void => { settled = true; };
  promise.then(done, done);
  for (let count = 1; ; count++) { await undefined; if (settled) return count; }
}
async function main() {
  const work = new Work();
  const count = async () => [await turns(work.bare(false)), await turns(work.recorded(false)), await turns(work.bare(true)), await turns(work.recorded(true))];
  const off = await count();
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'test', enabled: true, exporter });
  const on = await count();
  await tracing.forceFlush();
  console.log(JSON.stringify({ off, on, spans: exporter.getFinishedSpans().length }));
  await tracing.shutdown();
}
void main();
`;

test('an async method takes no additional microtask while off, and one while it is recorded', () => {
  const { diagnostics, directory } = compile({
    files: { 'src/main.ts': TURNS },
    compilerOptions: { experimentalDecorators: true },
  });
  assert.equal(diagnostics, []);
  const { stdout, stderr } = execute(directory, 'out/main.js');
  const { off, on, spans } = JSON.parse(stdout.slice(stdout.indexOf('{')) || `"${stderr}"`);
  assert.equal(off, [1, 1, 1, 1]);
  assert.equal(on, [1, 2, 1, 2]);
  assert.is(spans, 2);
});

const FRAMES = `import { instrument, startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';

const frames = () => new Error().stack!.split('\\n').slice(2).map((line) => line.trim());
const ours = (line: string) => /spanwright|node:async_hooks/.test(line);
export class Chain {
  @instrument outer() { return this.inner(); }
  @instrument inner() { return frames(); }
  @instrument fails(): never { throw new Error('failed'); }
  @instrument failing() { try { this.fails(); } catch (error) { return (error as Error).stack; } }
  @instrument caller() { return frames()[1]; }
  @instrument deep(n: number): number { return n === 0 ? 0 : 1 + this.deep(n - 1); }
  @instrument({ parent: (from: object) => from }) from(_from: object) { return 1; }
}
class Bare { deep(n: number): number { return n === 0 ? 0 : 1 + this.deep(n - 1); } }
/** Deepest call that returns, from above: each step compiles no further than the interpreter. */
function depth(of: { deep(n: number): number }): number {
  let low = 1;
  let high = 1 << 16;
  while (high - low > 8) {
    const middle = (low + high) >> 1;
    try { of.deep(middle); low = middle; } catch { high = middle; }
  }
  return low;
}
function theUser() { return new Chain().caller(); }
async function main() {
  const bare = depth(new Bare());
  const off = { outer: new Chain().outer().slice(0, 3), caller: theUser(), depth: depth(new Chain()) / bare };
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'test', exporter });
  const remote = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
  new Chain().from(remote);
  tracing.setEnabled(true);
  new Chain().outer();
  await tracing.forceFlush();
  const names = exporter.getFinishedSpans().map(({ name }) => name);
  exporter.reset();
  const read = new Chain().failing()!.split('\\n');
  await tracing.forceFlush();
  const recorded = String(exporter.getFinishedSpans()[0]!.events[0]!.attributes!['exception.stacktrace']);
  const depthOn = depth(new Chain()) / bare;
  console.log(JSON.stringify({ off, on: { depth: depthOn }, names, open: tracing.openCount, recorded: recorded.split('\\n').slice(1).map((line) => /at (\\S+)/.exec(line)![1]), read: read.filter(ours).length }));
  await tracing.shutdown();
}
void main();
`;

test('no stack frame is added while off, few while on; a recursion that works while off works while on', () => {
  const { diagnostics, directory } = compile({
    files: { 'src/main.ts': FRAMES },
    compilerOptions: { experimentalDecorators: true },
  });
  assert.equal(diagnostics, []);
  const { stdout, stderr } = execute(directory, 'out/main.js');
  const { off, on, names, open, recorded, read } = JSON.parse(stdout.slice(stdout.indexOf('{')) || `"${stderr}"`);
  assert.match(off.outer[0], /^at Chain\.inner /);
  assert.match(off.outer[1], /^at Chain\.outer /);
  assert.match(off.outer[2], /^at main /);
  assert.match(off.caller, /^at theUser /);
  assert.ok(off.depth > 0.6, `depth while off: ${off.depth} of bare`);
  assert.ok(on.depth > 0.5, `depth while on: ${on.depth} of bare`);
  console.log(`depth of recursion: ${off.depth.toFixed(2)} of bare while off, ${on.depth.toFixed(2)} while on`);
  assert.equal(names, ['Chain.from', 'Chain.inner', 'Chain.outer']);
  assert.equal(recorded, ['Chain.fails', 'Chain.failing'], "recorded frames are the program's");
  assert.ok(read > 0, 'the program itself reads the frames of the recorder');
  assert.is(open, 0);
});

test('two copies of the package and a module that is loaded again record each call once', () => {
  const { diagnostics, directory } = compile({
    files: {
      'src/work.ts': `import { instrument } from 'spanwright';
export class Work { @instrument first(next?: { first(): number }): number { return next === undefined ? 1 : 1 + next.first(); } }
`,
      'src/main.ts': `import { startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
const load = (copy: string) => {
  const path = require.resolve('./work');
  delete require.cache[path];
  if (copy === 'other') for (const key of Object.keys(require.cache)) if (/dist[\\/]runtime[\\/]/.test(key)) delete require.cache[key];
  return (require('./work') as typeof import('./work')).Work;
};
async function main() {
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'test', enabled: true, exporter });
  const A = load('own');
  for (let again = 0; again < 4; again++) load('own');
  const sites = tracing.sites().length;
  const B = load('other');
  const result = new A().first({ first: () => new B().first(new A()) });
  await tracing.forceFlush();
  console.log(JSON.stringify({ sites, result, spans: exporter.getFinishedSpans().length }));
  await tracing.shutdown();
}
void main();
`,
    },
    compilerOptions: { experimentalDecorators: true },
  });
  assert.equal(diagnostics, []);
  const { stdout, stderr } = execute(directory, 'out/main.js');
  assert.equal(JSON.parse(stdout.slice(stdout.indexOf('{')) || `"${stderr}"`), { sites: 1, result: 3, spans: 3 });
});

test('a decorator that a prologue replaces is compiled away, and so is the redefinition of its property', () => {
  const { output } = compile({
    files: {
      'src/main.ts': `import { instrument } from 'spanwright';
export class Work { @instrument plain() { return 1; } @instrument({ args: ['id'] }) async named(id: string) { return id; } }
`,
    },
    compilerOptions: { experimentalDecorators: true },
  });
  assert.not.match(output('main.js'), /__decorate|defineProperty\(.*plain/);
});

const CONDITIONS = `import { instrument, startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';

class Machines {
  @instrument({ args: ['id'] }) first(id: string, ..._rest: [] | [number]) { return this.seen(id); }
  @instrument({ args: { id: 'machine' } }) third(_a: number, _b: number, id: string) { return this.seen(id); }
  @instrument({ args: ['id'] }) async fourth(_a: number, _b: number, _c: number, id: string) { return this.seen(id); }
  @instrument({ args: ['id'] }) fifth(_a: number, _b: number, _c: number, _d: number, id: string) { return this.seen(id); }
  @instrument({ args: ['other'] }) without(other: string) { return other; }
  @instrument({ args: ['id'], attributes: (id: string) => ({ rack: id.length }) }) both(id: string) { return id; }
  @instrument seen(id: string) { return id; }
}
async function main() {
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'test', exporter, logger: () => {} });
  const machines = new Machines();
  const recorded: Record<string, string[]> = {};
  for (const when of ['id=m-17', 'id=m-17 & rack=4', 'machine=m-1*', 'id!=m-17']) {
    tracing.setEnabled(true, { for: '1m', when });
    for (const id of ['m-17', 'm-18']) {
      machines.first(id), machines.third(1, 2, id), await machines.fourth(1, 2, 3, id), machines.fifth(1, 2, 3, 4, id), machines.without(id), machines.both(id);
    }
    tracing.setEnabled(false);
    await tracing.forceFlush();
    recorded[when] = exporter.getFinishedSpans().map(({ name, attributes }) => name.replace('Machines.', '') + ' ' + (attributes.id ?? attributes.machine ?? ''));
    exporter.reset();
  }
  console.log(JSON.stringify(recorded));
  await tracing.shutdown();
}
void main();
`;

test('a condition on an argument is compared wherever the argument is, and starts no other trace', () => {
  const { diagnostics, directory } = compile({
    files: { 'src/main.ts': CONDITIONS },
    compilerOptions: { experimentalDecorators: true, target: 'ES2022' },
  });
  assert.equal(diagnostics, []);
  const { stdout, stderr } = execute(directory, 'out/main.js');
  assert.ok(stdout.includes('{'), stderr);
  const below = (...names: string[]): string[] => names.flatMap((name) => ['seen ', name]);
  assert.equal(JSON.parse(stdout), {
    'id=m-17': [...below('first m-17', 'third m-17', 'fourth m-17', 'fifth m-17'), 'both m-17'],
    'id=m-17 & rack=4': ['both m-17'],
    'machine=m-1*': below('third m-17', 'third m-18'),
    'id!=m-17': [...below('first m-18', 'third m-18', 'fourth m-18', 'fifth m-18'), 'both m-18'],
  });
});

test('functions are recorded although garbage was collected between loading and tracing', () => {
  const { diagnostics, directory } = compile({
    files: {
      'src/work.ts': `import { instrument } from 'spanwright';
export class Work { @instrument method() { return 1; } }
`,
      // no function of this module captures its table
      'src/inline.ts': `import { instrument } from 'spanwright';
export const inline = instrument(() => 2);
`,
      'src/main.ts': `import { startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { inline } from './inline';
import { Work } from './work';
async function main() {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  for (let pass = 0; pass < 5; pass++) { collect(); await new Promise((resolve) => setTimeout(resolve, 10)); }
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'test', enabled: true, exporter });
  new Work().method();
  inline();
  await tracing.forceFlush();
  console.log(JSON.stringify(exporter.getFinishedSpans().map(({ name }) => name)));
  await tracing.shutdown();
}
void main();
`,
    },
    compilerOptions: { experimentalDecorators: true },
  });
  assert.equal(diagnostics, []);
  const { stdout, stderr } = execute(directory, 'out/main.js');
  assert.equal(JSON.parse(stdout.slice(stdout.indexOf('[')) || `"${stderr}"`), ['Work.method', 'inline']);
});

test('loading a module does not read its text; whoever asks for one of its functions gets the one that its class had at first', () => {
  const { directory } = compile({
    files: {
      'src/main.ts': `const { module: table } = require('spanwright/emitted');
const { instrument, siteOf } = require('spanwright');
const text = 'Work{plain:1.3M(),once:1.3MS()}';
let reads = 0;
const counted = { toString: () => text, get length() { reads++; return text.length; } };
let $w: any;
const $r: any = table(5, (w: any) => ($w = w), 'test', 'work.js', counted);
class Work {
  static { $r.of(this, 0); }
  plain(): unknown { if ($w && $w(0, this)) return $r(); return 1; }
  static once(): unknown { if ($w && $w(1, this)) return $r(); return 2; }
  other() { return 3; }
}
const { plain, other } = Work.prototype;
Work.prototype.plain = () => 4;
const whileLoading = reads;
const left = [plain, Work.once].map((fn) => instrument(fn) === fn);
const sites = [plain, Work.once, other, Work.prototype.plain].map((fn) => siteOf(fn)?.name ?? null);
console.log(JSON.stringify({ whileLoading, left, sites }));
`,
    },
    compilerOptions: { target: 'ES2022' },
  });
  const { stdout, stderr } = execute(directory, 'out/main.js');
  assert.ok(stdout.includes('{'), stderr);
  assert.equal(JSON.parse(stdout), {
    whileLoading: 0,
    left: [true, true],
    sites: ['Work.plain', 'Work.once', null, null],
  });
});

test('a function that gets a forwarder runs in an import cycle, before its module has', () => {
  const { directory } = compile({
    files: {
      'src/main.ts': `import { seen } from './a.js';\nconsole.log(seen.join());`,
      'src/a.ts': `import { instrument } from 'spanwright';
import { early } from './b.js';
export function made() { return [...instrument({ name: 'steps' }, function* () { yield 1; })()]; }
export const seen = [...early, ...made()];`,
      'src/b.ts': `import { made } from './a.js';\nexport const early = made();`,
    },
    compilerOptions: { module: 'Node16', moduleResolution: 'Node16' },
    package: { type: 'module' },
  });
  const { stdout, stderr } = execute(directory, 'out/main.js');
  assert.is(stdout, '1,1\n', stderr);
});

test('code of contract 4 is refused with both numbers, by each function that it may call first', () => {
  for (const first of [
    `module(4, () => {}, '', '', '')`,
    'decorate(4, {}, () => {})',
    'decorateClass(4, [])',
    'wrap(4, {}, () => {})',
  ]) {
    const { directory } = compile({ files: { 'src/main.ts': `require('spanwright/emitted').${first};` } });
    assert.match(execute(directory, 'out/main.js').stderr, /contract 4; the runtime that is loaded knows contract 5/, first);
  }
});

test.run();
