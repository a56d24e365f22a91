// A recursion of recorded calls to the end of the stack, each kind in a new process, where no code of Spanwright has run before: the first
// call of a function takes more of the stack than a later one.
// limit: 120 s

import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, execute } from '../transformer/compile.js';

const PROGRAM = `
import { instrument, startTracing } from 'spanwright';
const one = (): number => 1;
class Methods {
  get accessor(): number { return 1 + this.accessor; }
  sync(): number { return 1 + this.sync(); }
  closure(): number { const inner = (): number => 1 + inner(); return inner(); }
  *generator(): Generator<number> { yield* this.generator(); }
  static make(): number { return 1 + Methods.make(); }
  @instrument forwarded(value = one()): number { return value + this.forwarded(); }
  @instrument({ args: ['depth'], attributes: () => ({ more: 1 }), result: (sum: number) => ({ sum }) }) described(depth: number): number { return 1 + this.described(depth + 1); }
  @instrument promised(): Promise<number> { return this.promised(); }
  @instrument({ until: 'end' }) iterator(): Iterator<number> { return { next: () => this.iterator().next() }; }
  @instrument thenable(): PromiseLike<number> { return { then: (...handlers) => this.thenable().then(...handlers) } as PromiseLike<number>; }
  @instrument query(): { exec(): number; then(): void } { return { exec: () => this.query().exec(), then() {} }; }
}
class Made { readonly below: Made; constructor() { this.below = new Made(); } }
const methods = new Methods();
const KINDS: Record<string, () => unknown> = {
  accessor: () => methods.accessor,
  sync: () => methods.sync(),
  closure: () => methods.closure(),
  generator: () => [...methods.generator()],
  static: () => Methods.make(),
  forwarded: () => methods.forwarded(),
  described: () => methods.described(0),
  promised: () => methods.promised(),
  iterator: () => methods.iterator().next(),
  thenable: () => methods.thenable().then(),
  query: () => methods.query().exec(),
  constructor: () => new Made(),
};
const below = (work: () => unknown, ..._more: number[]): unknown => work();

async function main(): Promise<void> {
  const exporter = { export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }), shutdown: async () => undefined };
  const tracing = await startTracing({ enabled: true, serviceName: 'falls', maxOpenSpans: 1_000_000, exporter: exporter as never });
  const work = KINDS[process.argv[2] ?? ''] as () => unknown;
  const errors: string[] = [];
  for (let size = 0; size < 12; size++) {
    try { below(work, ...new Array<number>(size).fill(size)); } catch (error) { errors.push(String(error)); }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const { open, started } = tracing.state().spans;
  console.log(JSON.stringify({ errors: [...new Set(errors)], times: errors.length, open, started }));
  process.exit();
}
void main();
`;

const { directory, diagnostics } = compile({
  files: { 'src/main.ts': PROGRAM },
  plugin: { auto: [{ files: '**', minLines: 1 }] },
  compilerOptions: { experimentalDecorators: true },
});

const KINDS = 'accessor sync closure generator static forwarded described promised iterator thenable query constructor'.split(
  ' ',
);

for (const kind of KINDS) {
  test(`no span stays open after a recursion to the end of the stack: ${kind}`, () => {
    assert.equal(diagnostics, []);
    const { stdout, stderr } = execute(directory, join(directory, 'out', 'main.js'), kind);
    const { started, ...outcome } = JSON.parse(stdout);
    assert.equal(outcome, { errors: ['RangeError: Maximum call stack size exceeded'], times: 12, open: 0 }, stderr);
    assert.ok(started > 1_000, `${started} spans`);
  });
}

test.run();
