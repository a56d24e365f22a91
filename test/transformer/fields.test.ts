// Function-valued fields, compiled and run: recorded under either kind of decorators and either semantics of fields, with name,
// length, `this` and order of evaluation as the language has them.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, execute } from './compile.js';

const PROGRAM = `import { instrument, startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
const order: string[] = [];
const options = (name: string) => { order.push('options of ' + name); return { name }; };

export class Service {
  static early = new Service('early');
  constructor(readonly prefix: string) {}
  @instrument handler = (id: string, more = '') => this.prefix + id + more;
  @instrument(options('chosen')) 'on-event' = async function (this: Service, id: string) { return this.prefix + id; };
  @instrument nested = (id: string) => { const inner = instrument(() => id); return inner(); };
  @instrument after = () => this.handler('!');
}

async function main() {
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'test', enabled: true, exporter });
  const [one, two] = [new Service('1'), new Service('2')];
  const results = [Service.early.prefix, Service.early.handler('x'), one.handler('a', 'b'), two.handler('c'), await one['on-event']('e'), one.nested('n'), two.after()];
  await tracing.forceFlush();
  console.log('\\n' + JSON.stringify({
    results, order,
    identity: [one.handler, one['on-event'], one.nested].map((fn) => fn.name + '/' + fn.length),
    own: Object.keys(one), same: one.handler === one.handler, apart: one.handler !== two.handler,
    spans: exporter.getFinishedSpans().map((span) => span.name).sort(),
    sites: tracing.sites().length,
  }));
  await tracing.shutdown();
}
void main();
`;

const EXPECTED = {
  results: ['early', 'earlyx', '1ab', '2c', '1e', 'n', '2!'],
  order: ['options of chosen'],
  identity: ['handler/1', 'on-event/1', 'nested/1'],
  same: true,
  apart: true,
};
const SPANS = ['Service.after', 'Service.handler', 'Service.handler', 'Service.handler', 'Service.nested', 'chosen', 'inner'];

/** Assigning to a member names no function; defining a field does. */
const ASSIGNED = ['/1', '/1', '/1'];

for (const [name, compilerOptions, early, identity] of [
  // Static initializers run before legacy decorators, so that an instance made there has the plain function.
  ['legacy, ES2022, defined', { experimentalDecorators: true }, 0, EXPECTED.identity],
  ['legacy, ES2022, assigned', { experimentalDecorators: true, useDefineForClassFields: false }, 0, ASSIGNED],
  ['legacy, ES2017', { experimentalDecorators: true, target: 'ES2017' }, 0, ASSIGNED],
  ['TC39, ES2022', {}, 1, EXPECTED.identity],
  ['TC39, ES2017', { target: 'ES2017' }, 1, EXPECTED.identity],
] as const) {
  test(`function-valued fields are recorded: ${name}`, () => {
    const compiled = compile({
      files: { 'src/main.ts': PROGRAM },
      compilerOptions,
    });
    assert.equal(compiled.diagnostics, []);
    const ran = execute(compiled.directory, 'out/main.js');
    assert.is(ran.status, 0, ran.stderr);
    const { own, spans, sites, ...rest } = JSON.parse(ran.stdout.slice(ran.stdout.indexOf('\n{')));
    assert.equal(rest, { ...EXPECTED, identity });
    assert.equal(own.sort(), ['after', 'handler', 'nested', 'on-event', 'prefix']);
    assert.equal(spans, [...SPANS, ...Array(early).fill('Service.handler')].sort());
    assert.is(sites, 5);
  });
}

const KEYED = `import { instrument, record, startTracing } from 'spanwright';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
const KEY = ['com', 'puted'].join('') as 'computed';

export class Service {
  @instrument static shared = (id: string) => 'shared ' + id;
  @instrument static [KEY] = () => 'static';
  @instrument [KEY] = () => 'instance';
  @instrument 12(id: string) { return 'twelve ' + id; }
  RECORDED
}

async function main() {
  const exporter = new InMemorySpanExporter();
  const tracing = await startTracing({ serviceName: 'test', enabled: true, exporter });
  const service = new Service();
  const results = [Service.shared('x'), Service[KEY](), service[KEY](), service[12]('y'), service[13]('z')];
  await tracing.forceFlush();
  const spans = exporter.getFinishedSpans();
  console.log('\\n' + JSON.stringify({
    results,
    names: [service[12].name, service[13].name, Service.shared.length],
    fields: [Service[KEY].name, service[KEY].name],
    own: Object.keys(Service),
    spans: spans.map((span) => span.attributes['code.function.name']?.toString().replace(/^.*::/, '')).sort(),
    id: spans.map(({ attributes }) => attributes.id).filter((id) => id !== undefined),
  }));
  await tracing.shutdown();
}
void main();
`;

for (const plugin of [{}, null])
  for (const [name, compilerOptions] of [
    ['legacy, ES2022', { experimentalDecorators: true }],
    ['TC39, ES2017', { target: 'ES2017' }],
  ] as const) {
    test(`static fields, and numeric and computed names, are kept: ${name}, ${plugin === null ? 'plain' : 'transformed'}`, () => {
      const legacy = 'experimentalDecorators' in compilerOptions;
      const parameter = legacy ? "@record('id') id: string" : 'id: string';
      const recorded = `@instrument${legacy ? '' : "({ args: ['id'] })"} 13(${parameter}) { return 'thirteen ' + id; }`;
      const compiled = compile({
        files: { 'src/main.ts': KEYED.replace('RECORDED', recorded) },
        compilerOptions,
        plugin,
      });
      assert.equal(compiled.diagnostics, []);
      const ran = execute(compiled.directory, 'out/main.js');
      assert.is(ran.status, 0, ran.stderr);
      const { spans, fields, ...rest } = JSON.parse(ran.stdout.slice(ran.stdout.indexOf('\n{')));
      assert.equal(rest, {
        results: ['shared x', 'static', 'instance', 'twelve y', 'thirteen z'],
        names: ['12', '13', 1],
        own: ['shared', 'computed'],
        id: ['z'],
      });
      // A field that goes through what a legacy decorator made loses a name that only the running program knows.
      assert.equal(fields, ['computed', plugin !== null && legacy ? '' : 'computed']);
      // A legacy decorator alone cannot see an instance field that is defined instead of assigned.
      const unseen = plugin === null && legacy;
      assert.is(spans.length, unseen ? 4 : 5, spans.join());
      for (const site of ['shared', '12', '13']) assert.ok(spans.includes(site), `${site} of ${spans}`);
    });
  }

test.run();
