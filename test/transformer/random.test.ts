// Random classes and functions behave the same with the transformer and without it: results, errors, names, keys, order of steps,
// while tracing is absent, off and on; and while it is on, the spans are those of the calls that were made, no more and no fewer.
// SPANWRIGHT_PROGRAMS is how many programs are made (default 24), SPANWRIGHT_SEED where the seeds begin.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, execute } from './compile.js';
import type { Seen } from './random/exercise.js';
import { programOf } from './random/program.js';

const COUNT = Number(process.env.SPANWRIGHT_PROGRAMS ?? 24);
const FIRST = Number(process.env.SPANWRIGHT_SEED ?? 1);
const SEEDS = Array.from({ length: COUNT }, (_, index) => FIRST + index);
/** `plain` is what is marked, compiled without the transformer. */
const VARIANTS = ['bare', 'plain', 'marked', 'auto'] as const;
type Variant = (typeof VARIANTS)[number];
/**
 * For each transformed variant, the variants one of which it must equal in everything visible. A marked program may equal either, because
 * the runtime alone cannot keep all of a program without decorators, and TypeScript's lowering of decorators loses some names.
 */
const REFERENCES = { marked: ['bare', 'plain'], auto: ['bare'] } as const;
type Transformed = keyof typeof REFERENCES;
const STATES = ['absent', 'off', 'on'] as const;

/** Runs every program in each variant, in one process, and prints what was seen, a line for each. */
const MAIN = `
import { startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { exercise } from './exercise';
async function main() {
  const [state, variants, ...seeds] = process.argv.slice(2);
  const exporter = new InMemorySpanExporter();
  const tracing = state === 'absent' ? undefined : await startTracing({ serviceName: 'test', enabled: state === 'on', exporter });
  for (const seed of seeds) for (const variant of variants.split(',')) {
    const { program } = require('./' + variant + '/p' + seed);
    const spans: Record<string, number> = {};
    let open = 0;
    const seen = await exercise(program, state === 'on', async () => {
      await tracing?.forceFlush();
      open = tracing?.openCount ?? 0;
      for (const { name } of exporter.getFinishedSpans()) spans[name] = (spans[name] ?? 0) + 1;
    });
    await tracing?.forceFlush();
    exporter.reset();
    process.stdout.write(JSON.stringify({ seed: Number(seed), variant, ...seen, spans, open }) + '\\n');
  }
  const unseen = (tracing?.sites() ?? []).filter(({ file }) => file === undefined).map(({ id }) => id);
  if (unseen.length > 0) process.stderr.write('not transformed: ' + unseen.join(', '));
  await tracing?.shutdown();
}
void main();
`;

interface Line extends Seen {
  readonly seed: number;
  readonly variant: Variant;
  readonly spans: Readonly<Record<string, number>>;
  readonly open: number;
}

for (const legacy of [true, false]) {
  const files: Record<string, string> = {
    'src/main.ts': MAIN,
    'src/exercise.ts': readFileSync(join(__dirname, 'random', 'exercise.ts'), 'utf8'),
  };
  for (const seed of SEEDS) {
    const { bare, marked, auto } = programOf({ seed, legacy });
    for (const [variant, text] of Object.entries({ bare, plain: marked, marked, auto }))
      files[`src/${variant}/p${seed}.ts`] = text;
  }
  const kind = legacy ? 'legacy' : 'TC39';
  const references = new Map<string, Line>();
  let directory = '';

  function run(state: (typeof STATES)[number], variants: readonly Variant[]): Line[] {
    const ran = execute(directory, 'out/main.js', state, variants.join(), ...SEEDS.map(String));
    // the transformer leaves out `plain`, which a program that runs for two seconds reports
    const expected = variants.includes('plain') ? /^spanwright: SPW0(?:01|15) .*\n/gm : /^spanwright: SPW001 .*\n/;
    assert.is(ran.stderr.replace(expected, ''), '');
    const lines = ran.stdout.trimEnd().split('\n');
    assert.is(lines.length, COUNT * variants.length);
    return lines.map((line) => JSON.parse(line));
  }

  test(`random programs compile: ${kind}`, () => {
    const compiled = compile({
      files,
      compilerOptions: { experimentalDecorators: legacy, declaration: false },
      plugin: { auto: [{ files: 'src/auto/**' }], exclude: 'src/plain/**' },
    });
    assert.equal(compiled.diagnostics, []);
    directory = compiled.directory;
    for (const state of ['absent', 'on'] as const)
      for (const line of run(state, ['bare', 'plain'])) references.set(`${state === 'on'} ${line.variant} ${line.seed}`, line);
  });

  for (const state of STATES) {
    test(`random programs do as they do without the transformer: ${kind}, tracing ${state}`, () => {
      const on = state === 'on';
      let spans = 0;
      for (const line of run(state, ['marked', 'auto'])) {
        const text = COUNT === 1 ? `\n${files[`src/${line.variant}/p${line.seed}.ts`]}` : '';
        const where = `${line.variant}: SPANWRIGHT_PROGRAMS=1 SPANWRIGHT_SEED=${line.seed} shows it${text}`;
        const [bare, ...others] = REFERENCES[line.variant as Transformed].map((one) =>
          references.get(`${on} ${one} ${line.seed}`),
        );
        const odd = line.seen.findIndex(
          (seen, index) => seen !== bare?.seen[index] && !others.some((other) => other?.seen.includes(seen)),
        );
        if (odd !== -1) assert.is(line.seen[odd], bare?.seen[odd], where);
        assert.is(line.seen.length, bare?.seen.length, where);
        assert.equal(sorted(line.spans), on ? sorted(line.calls) : {}, where);
        assert.is(line.open, 0, where);
        for (const count of Object.values(line.spans)) spans += count;
      }
      assert.is(spans > COUNT * 20, on);
    });
  }
}

function sorted(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

test.run();
