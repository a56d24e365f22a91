// Attributes of a compiled program's spans about its source: names, namespaces, file, line and column equal to the authored text,
// in both kinds of decorators. The runtime is the real one, with OpenTelemetry's in-memory exporter.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, execute } from './compile.js';

const PROGRAM = `import { instrument, startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';

namespace Outer {
  export class PowerService {
    @instrument
    status() { return 'ok'; }

    @instrument({ args: ['machineId'] })
      async  powerControl(machineId: string, action: string) { return machineId + action; }

    @instrument
    static create() { return new PowerService(); }

    @instrument get level() { return 1; }

    @instrument 'set-up'() {}
  }
}

@instrument
class Whole {
  one(id: string) { return id; }
  static two() {}
  @instrument.skip three() {}
}

function inside() {
  return instrument(function helper() {});
}

export const plan = instrument(async (job: string) => job);

async function main() {
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'test', enabled: true, exporter });
  const service = Outer.PowerService.create();
  service.status();
  await service.powerControl('m-1', 'on');
  service.level;
  service['set-up']();
  const whole = new Whole();
  whole.one('1');
  Whole.two();
  whole.three();
  inside()();
  await plan('j');
  await tracing.forceFlush();
  const spans = exporter.getFinishedSpans().map((span) => [span.name, span.attributes] as const);
  console.log(JSON.stringify(spans));
  await tracing.shutdown();
}
void main();
`;

/** The place of a name in the source, found by the text around it. */
function placeOfSpan(around: string, name: string): { 'code.line.number': number; 'code.column.number': number } {
  const at = PROGRAM.indexOf(around) + around.indexOf(name);
  assert.ok(PROGRAM.includes(around));
  const before = PROGRAM.slice(0, at).split('\n');
  return { 'code.line.number': before.length, 'code.column.number': (before.at(-1) ?? '').length + 1 };
}

function attributes(namespace: string, name: string, around: string, place = name, more: object = {}) {
  return {
    'code.namespace': namespace,
    'code.function.name': `${namespace}::${name}`,
    'code.file.path': 'src/backends/nsm.ts',
    ...placeOfSpan(around, place),
    ...more,
  };
}

const FILE = 'carbide::backends::nsm';
const SERVICE = `${FILE}::Outer::PowerService`;
const EXPECTED = [
  ['PowerService.create', attributes(SERVICE, 'create', 'static create()')],
  ['PowerService.status', attributes(SERVICE, 'status', '    status()')],
  [
    'PowerService.powerControl',
    attributes(SERVICE, 'powerControl', '      async  powerControl(', undefined, { machineId: 'm-1' }),
  ],
  ['PowerService.level', attributes(SERVICE, 'level', 'get level()')],
  ['PowerService.set-up', attributes(SERVICE, 'set-up', "'set-up'()", "'set-up'")],
  ['Whole.one', attributes(`${FILE}::Whole`, 'one', 'one(id')],
  ['Whole.two', attributes(`${FILE}::Whole`, 'two', 'static two()')],
  ['helper', attributes(`${FILE}::inside`, 'helper', 'function helper()')],
  ['plan', attributes(FILE, 'plan', 'const plan')],
];

for (const experimentalDecorators of [true, false]) {
  test(`spans name the place of their function: ${experimentalDecorators ? 'legacy' : 'TC39'}`, () => {
    const compiled = compile({
      files: { 'src/backends/nsm.ts': PROGRAM },
      compilerOptions: { experimentalDecorators },
      plugin: { namespace: 'carbide' },
    });
    assert.equal(compiled.diagnostics, []);
    const ran = execute(compiled.directory, 'out/backends/nsm.js');
    const spans = JSON.parse(ran.stdout.slice(ran.stdout.indexOf('[['))) as [string, object][];
    assert.equal(spans, EXPECTED, ran.stderr);
  });
}

test.run();
