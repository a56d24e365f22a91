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
      compilerOptions: { experimentalDecorators: true, target, lib: ['ES2022', 'DOM'] },
    });
    assert.equal(diagnostics, []);
    const { stdout, stderr } = execute(directory, 'out/main.js');
    const { off, on, spans } = JSON.parse(stdout.slice(stdout.indexOf('{')) || `"${stderr}"`);
    assert.equal(off, { asyncFrames: true, depth: 5, mixed: 'ba', isAsync: true, frames: ['Stack.frames', 'report'] });
    assert.equal({ ...on, frames: undefined }, { ...off, frames: undefined });
    assert.is(spans.filter((name: string) => name === 'Stack.depth').length, 6);
    assert.is(spans.filter((name: string) => /who$/.test(name)).length, 2);
  });

test('code of contract 1 is refused with both numbers', () => {
  const { directory } = compile({ files: { 'src/main.ts': `require('spanwright/emitted').decorate(1, {}, () => {});` } });
  assert.match(execute(directory, 'out/main.js').stderr, /contract 1; the runtime that is loaded knows contract 2/);
});

test.run();
