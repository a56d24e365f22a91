// Writes the source that the benchmarks measure: 32 classes with one method each, every body different, in the flavours that are
// compared. All flavours of a shape compute the same numbers, so that a checksum shows that no call was optimised away.

/** How often the one shared call site meets another callee: 32 makes it megamorphic, as in a real service. */
export const SITES = 32;

export type Shape = 'sync' | 'async';

/** How the methods of a generated file are instrumented. */
const FLAVOURS = {
  bare: { head: '', method: (_site: number, method: string) => method },
  instrument: {
    head: "import { instrument } from 'spanwright';",
    method: (_site: number, method: string) => `@instrument\n  ${method}`,
  },
  'nestjs-otel': {
    head: "import { Span } from 'nestjs-otel';",
    method: (_site: number, method: string) => `@Span()\n  ${method}`,
  },
  // Its declared type takes no method with typed parameters, so its type is put aside; what runs is the same.
  fullstackhouse: {
    head: "import { Traced } from '@fullstackhouse/opentelemetry-js-decorator';",
    method: (_site: number, method: string) => `@(Traced() as unknown as MethodDecorator)\n  ${method}`,
  },
  // For async methods with standard decorators only.
  autotel: {
    head: "import { Trace } from 'autotel/decorators';",
    method: (_site: number, method: string) => `@Trace()\n  ${method}`,
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

/** Source text of one generated file. */
export function sitesSource(flavour: Flavour, shape: Shape, sites = SITES): string {
  const { head, method } = FLAVOURS[flavour];
  const classes: string[] = [];
  for (let site = 0; site < sites; site++) {
    const body = BODIES[site % BODIES.length]?.(site) ?? '';
    const signature = shape === 'sync' ? 'm(a: number, b: number): number' : 'async m(a: number, b: number): Promise<number>';
    const source = method(site, `${signature} {\n    ${body}\n  }`, shape);
    classes.push(`class Site${site} {\n  bias = ${site};\n  ${source}\n}`);
  }
  const result = shape === 'sync' ? 'number' : 'Promise<number>';
  const objects = Array.from({ length: sites }, (_, site) => `const object${site} = new Site${site}();`);
  const list = objects.map((_, site) => `object${site}`).join(', ');
  const exported = `export const sites: { m(a: number, b: number): ${result} }[] = [${list}];`;
  return [head, ...classes, ...objects, exported, ownCallSites(shape, sites), ''].join('\n');
}

/** A loop in which every callee has a call site of its own, where the engine may inline it: the hardest ground for a forwarder. */
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

/** What a careful person writes without a library: options made once, the error recorded, the span ended in every case. */
function byHand(site: number, method: string, shape: Shape = 'sync'): string {
  const [signature = '', ...rest] = method.split(' {\n');
  const body = rest.join(' {\n').replace(/\n {2}\}$/, '');
  const [keyword, type] = shape === 'sync' ? ['', 'number'] : ['async ', 'Promise<number>'];
  return `static readonly options = { attributes: {
    'code.namespace': 'bench::Site${site}', 'code.function.name': 'bench::Site${site}::m',
    'code.file.path': 'bench/sites.ts', 'code.line.number': ${10 + site * 8}, 'code.column.number': 3,
  } };
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
