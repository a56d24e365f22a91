// Functions that the transformer leaves to the runtime's wrapper, as transformer/README.md lists it: each behaves and is recorded as without the
// transformer, under legacy and under standard decorators, beside files that the transformer does see.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, execute } from './compile.js';

const PROGRAM = `import { instrument, startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { imported } from './part';

const traced = instrument({ attributes: { backend: 'nsm' } });
const key = 'twice' as string;
let changing = function before() { return 'before'; };

class Store {
  @traced kept(id: string) { return id + '!'; }
  @instrument seen(id: string) { return id + '?'; }
}
@instrument
class Whole {
  run() { return this.#own() + 1; }
  #own() { return 1; }
}
class Computed {
  @instrument [key]() { return 'first'; }
  // @ts-ignore: the last of two with one name is the one that there is.
  @instrument [key]() { return 'second'; }
}
const [there, later, parameter] = [instrument(imported), instrument(changing), ((fn: () => string) => instrument(fn))(() => 'given')];
changing = function after() { return 'after'; };

async function main() {
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'test', enabled: true, exporter });
  const results = [new Store().kept('a'), new Store().seen('b'), new Whole().run(), (new Computed() as any)[key](), there(2), later(), parameter()];
  await tracing.forceFlush();
  const spans = exporter.getFinishedSpans().map(({ name, attributes }) => [name, attributes['code.line.number'] ?? 'unknown', attributes.backend]);
  console.log(JSON.stringify({ results, spans }));
  await tracing.shutdown();
}
void main();
`;

for (const experimentalDecorators of [true, false])
  test(`functions without a known place are recorded: ${experimentalDecorators ? 'legacy' : 'TC39'}`, () => {
    const compilerOptions = { experimentalDecorators };
    const files = { 'src/main.ts': PROGRAM, 'src/part.ts': 'export function imported(n: number) { return n * 2; }\n' };
    const { diagnostics, directory } = compile({ files, compilerOptions });
    assert.equal(diagnostics, []);
    const { stdout } = execute(directory, 'out/main.js');
    const { results, spans } = JSON.parse(stdout);
    assert.equal(results, ['a!', 'b?', 2, 'second', 4, 'before', 'given']);
    const lineOf = (text: string) => PROGRAM.split('\n').findIndex((line) => line.includes(text)) + 1;
    const [kept, seen, run, twice, ...others] = spans;
    assert.equal(kept, ['Store.kept', 'unknown', 'nsm']);
    assert.equal(seen, ['Store.seen', lineOf('@instrument seen'), null]);
    assert.equal(run, ['Whole.run', lineOf('run() {'), null]);
    assert.is(spans.filter(([name]: [string]) => /own/.test(name)).length, 0);
    // TypeScript passes the last function of the name to both decorators, and that function knows its own place.
    assert.is(twice[1], lineOf("return 'second'"));
    assert.equal(others, [
      ['imported', 'unknown', null],
      ['before', 'unknown', null],
      ['anonymous', 'unknown', null],
    ]);
  });

test.run();
