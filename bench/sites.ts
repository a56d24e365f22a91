// Writes the source that the benchmarks measure: 32 classes with one method each, every body different, in the flavours that are
// compared. All flavours of a shape compute the same numbers, so that a checksum shows that no call was optimised away.

import {
  attributesOf,
  CLOCK_HEAD,
  CONTEXT_HEAD,
  clockReads,
  FLOOR_HEAD,
  leastRecorder,
  leastSpan,
  PROLOGUE_HEAD,
  parts,
  RECORDER_HEAD,
  type Shape,
} from './floors.js';

/** How often the one shared call site meets another callee: 32 makes it megamorphic, as in a real service. */
export const SITES = 32;

/** How the methods of a generated file are instrumented. */
const FLAVOURS = {
  bare: { head: '', method: (_site: number, method: string) => method },
  instrument: {
    head: "import { instrument } from 'spanwright';",
    method: (_site: number, method: string) => `@instrument\n  ${method}`,
  },
  // Floor of a call while tracing is off: any prologue has to test a variable, and to hold a branch for the time when it is set.
  'least prologue': {
    head: PROLOGUE_HEAD,
    method: (site: number, method: string) => method.replace(' {\n', ` {\n    if (watch) return watch(${site}, this, a, b);\n`),
  },
  // Floor of a call while tracing is in use elsewhere: any tracer has to read the active context.
  'context read': {
    head: CONTEXT_HEAD,
    method: (_site: number, method: string) => method.replace(' {\n', ' {\n    if (storage.getStore() === never) return 0;\n'),
  },
  'instrument args': {
    head: "import { instrument } from 'spanwright';",
    method: (_site: number, method: string) => `@instrument({ args: ['a'] })\n  ${method}`,
  },
  // Five scalar arguments.
  'instrument five': {
    head: "import { instrument } from 'spanwright';",
    method: withFiveArguments,
  },
  'nestjs-otel': {
    head: "import { Span } from 'nestjs-otel';",
    method: (_site: number, method: string) => `@Span()\n  ${method}`,
  },
  // The peer's declared type accepts no method with typed parameters, so the type is bypassed; the code is the same.
  fullstackhouse: {
    head: "import { Traced } from '@fullstackhouse/opentelemetry-js-decorator';",
    method: (_site: number, method: string) => `@(Traced() as unknown as MethodDecorator)\n  ${method}`,
  },
  // This peer supports only async methods with standard decorators.
  autotel: {
    head: "import { Trace } from 'autotel/decorators';",
    method: (_site: number, method: string) => `@Trace()\n  ${method}`,
  },
  // Floor of a call of the flight recorder: its start and its end, and for async methods a storage that names the caller.
  'clock reads': {
    head: CLOCK_HEAD,
    method: clockReads,
  },
  floor: {
    head: FLOOR_HEAD,
    method: leastSpan,
  },
  recorder: {
    head: RECORDER_HEAD,
    method: leastRecorder,
  },
  // dd-trace has no decorator; it wraps the method when the class is defined.
  'datadog wrap': {
    head: "const tracer = require('dd-trace');",
    method: (site: number, method: string) =>
      `static {\n    this.prototype.m = tracer.wrap('Site${site}.m', { tags: ${attributesOf(site)} }, this.prototype.m);\n  }\n  ${method}`,
  },
  'datadog trace': {
    head: "const tracer = require('dd-trace');",
    method: (site: number, method: string, shape: Shape = 'sync') =>
      inCallback(method, shape, `{ tags: ${attributesOf(site)} }`, `tracer.trace('Site${site}.m', Site${site}.options, `),
  },
  sentry: {
    head: "const Sentry = require('@sentry/node');",
    method: (site: number, method: string, shape: Shape = 'sync') =>
      inCallback(
        method,
        shape,
        `{ name: 'Site${site}.m', attributes: ${attributesOf(site)} }`,
        `Sentry.startSpan(Site${site}.options, `,
      ),
  },
  handwritten: {
    head: "import { SpanStatusCode, trace } from '@opentelemetry/api';\nconst tracer = trace.getTracer('bench');",
    method: byHand,
  },
} as const;

export type Flavour = keyof typeof FLAVOURS;

/**
 * Bodies: different, integers only, so that a call allocates nothing of its own, and short: with the call less than 20 ns on a
 * processor of some 3 GHz, less than a look-up in a Map with a string key. The budgets are ratios over such a call.
 */
const BODIES = [
  (k: number) =>
    `let x = a ^ ${k};\n    for (let i = 0; i < 3; i++) x = Math.imul(x ^ (x >>> 15), ${k * 2 + 3}) + b;\n    return (x + this.bias) | 0;`,
  (k: number) =>
    `let x = (a + b) | 0;\n    for (let i = 0; i < 3; i++) x = x > ${k * 1000} ? Math.imul(x - b, 5) : Math.imul(x + ${k + 2}, 9) ^ i;\n    return (x + this.bias) | 0;`,
  (k: number) =>
    `let x = (a + ${k}) | 0;\n    for (let i = 0; i < 2; i++) {\n      x ^= x << 13;\n      x ^= x >>> 17;\n      x ^= x << 5;\n    }\n    return (x + b + this.bias) | 0;`,
  (k: number) =>
    `let x = (a & ${k + 15}) + this.bias;\n    for (let i = 0; i < 3; i++) x = (Math.imul(x, x | ${k + 1}) - (b | i)) | 0;\n    return x;`,
] as const;

/** Source text of one generated file. `fails`: the instrumented method throws what it computed, and `m` catches it (sync only). */
export function sitesSource(flavour: Flavour, shape: Shape, sites = SITES, fails = false): string {
  const { head, method } = FLAVOURS[flavour];
  const classes: string[] = fails ? [REFUSED] : [];
  for (let site = 0; site < sites; site++) {
    const body = BODIES[site % BODIES.length]?.(site) ?? '';
    const name = fails ? 'f' : 'm';
    const signature =
      shape === 'sync' ? `${name}(a: number, b: number): number` : `async ${name}(a: number, b: number): Promise<number>`;
    const computed = fails ? body.replace(/return ([^;]*);$/, 'throw new Refused($1);') : body;
    const source = method(site, `${signature} {\n    ${computed}\n  }`, shape);
    classes.push(`class Site${site} {\n  bias = ${site};\n  ${source}${fails ? CATCHING : ''}\n}`);
  }
  const result = shape === 'sync' ? 'number' : 'Promise<number>';
  const objects = Array.from({ length: sites }, (_, site) => `const object${site} = new Site${site}();`);
  const list = objects.map((_, site) => `object${site}`).join(', ');
  const exported = `export const sites: { m(a: number, b: number): ${result} }[] = [${list}];`;
  return [head, ...classes, ...objects, exported, ownCallSites(shape, sites), ''].join('\n');
}

const REFUSED = `class Refused extends Error {
  constructor(readonly result: number) {
    super('refused');
  }
}`;
const CATCHING = `
  m(a: number, b: number): number {
    try {
      return this.f(a, b);
    } catch (error) {
      return (error as Refused).result;
    }
  }`;

/** A loop in which every callee has a call site of its own, where the engine may inline it: the hardest case for a forwarder. */
function ownCallSites(shape: Shape, sites: number): string {
  const [keyword, type, wait] = shape === 'sync' ? ['', 'number', ''] : ['async ', 'Promise<number>', 'await '];
  const calls = Array.from(
    { length: sites },
    (_, site) => `    sum = (sum + (${wait}object${site}.m(call + ${site}, sum))) | 0;`,
  );
  return `export ${keyword}function own(calls: number): ${type} {
  let sum = 0;
  for (let call = 0; call < calls; call += ${sites}) {
${calls.join('\n')}
  }
  return sum;
}`;
}

/** The method's body in a callback of `call`. */
function inCallback(method: string, shape: Shape, options: string, call: string): string {
  const { signature, body } = parts(method);
  const [keyword, type] = shape === 'sync' ? ['', 'number'] : ['async ', 'Promise<number>'];
  return `static readonly options = ${options};
  ${signature} {
    return ${call}${keyword}(): ${type} => {
      ${body}
    });
  }`;
}

/** The method calls an instrumented one, with three more arguments. */
function withFiveArguments(_site: number, method: string): string {
  const { signature } = parts(method);
  const five = method.replace(
    'm(a: number, b: number)',
    'five(a: number, b: number, _rack: string, _on: boolean, _share: number)',
  );
  return `${signature} {\n    return this.five(a, b, 'rack-7', true, 0.5);\n  }\n  @instrument\n  ${five}`;
}

/** Careful hand-written code: options created once, the error recorded, the span ended in every case. */
function byHand(site: number, method: string, shape: Shape = 'sync'): string {
  const { signature, body } = parts(method);
  const [keyword, type] = shape === 'sync' ? ['', 'number'] : ['async ', 'Promise<number>'];
  return `static readonly options = { attributes: ${attributesOf(site)} };
  ${signature} {
    return tracer.startActiveSpan('Site${site}.m', Site${site}.options, ${keyword}(span): ${type} => {
      try {
        ${body}
      } catch (error) {
        span.recordException(error as Error);
        span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
        throw error;
      } finally {
        span.end();
      }
    });
  }`;
}
