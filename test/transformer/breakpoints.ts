// A program with lines to stop at, and a run of its output under V8's own debugger that stops there: a breakpoint is set as tools set it,
// by the source map, at the place that the statement of a source line has in the output. What is seen at each stop is answered. A second
// program is stepped through, as an editor does it: past code that the source map does not know, and past installed packages.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from '@jridgewell/sourcemap-codec';
import { execute, write } from './compile.js';

export const STOPS = `import { instrument } from 'spanwright';

export class Service {
  constructor(readonly prefix: string) {}

  @instrument plain(id: string) {
    return this.prefix + id; // stop: plain
  }
  @instrument({ args: ['id'], attributes: { backend: 'nsm' } })
  async waited(id: string, more = '!') {
    await null;
    return this.prefix + id + more; // stop: waited
  }
  @instrument *items(id: string) {
    yield id; // stop: items
  }
  @instrument get state() {
    const id = this.prefix;
    return id; // stop: state
  }
  @instrument handler = (id: string) => {
    return this.prefix + id; // stop: handler
  };
  @instrument one(id: string) { return id.length; } // stop: one
}

const plan = instrument({ name: 'plan' }, (id: string) => {
  return id.toUpperCase(); // stop: plan
});

@instrument
class Whole {
  run(id: string) {
    return id.trim(); // stop: run
  }
}

async function main() {
  const service = new Service('p');
  service.plain('x');
  await service.waited('x');
  [...service.items('x')];
  service.state;
  service.handler('x');
  service.one('x');
  plan('x');
  new Whole().run('x');
}
void main();
`;

/** The lines to stop at, by name; lines count from 1. */
const LINES = new Map(
  STOPS.split('\n').flatMap((text, index) => {
    const name = / \/\/ stop: (\w+)$/.exec(text)?.[1];
    return name === undefined ? [] : [[name, index + 1] as const];
  }),
);

export const STEPS = `import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { instrument, startTracing } from 'spanwright';

export class Service {
  @instrument plain(id: string) {
    const { length } = id; // enters: plain
    return length;
  }
  @instrument async waited(id: string) {
    const { length } = id; // enters: waited
    return length;
  }
  @instrument get state() {
    return 'on'; // enters: state
  }
  @instrument one(id: string) { return id.length; } // enters: one
}

async function main() {
  await startTracing({ serviceName: 'steps', exporter: new InMemorySpanExporter() });
  const service = new Service();
  debugger;
  service.plain('x');
  debugger;
  await service.waited('x');
  debugger;
  service.state;
  debugger;
  service.one('x');
}
void main();
`;

const DEBUGGER = `
const { Session } = require('node:inspector');
const { pathToFileURL } = require('node:url');
const session = new Session();
session.connect();
const [target, places] = [process.argv[2], JSON.parse(process.argv[3])];
const seen = [];
session.on('Debugger.paused', ({ params: { callFrames: [frame] } }) => {
  const { callFrameId, location } = frame;
  session.post('Debugger.evaluateOnCallFrame', { callFrameId, expression: 'id' }, (_error, answer) => {
    seen.push({ line: location.lineNumber, column: location.columnNumber, id: answer?.result?.value });
  });
});
session.post('Debugger.enable');
for (const { line, column } of places)
  session.post('Debugger.setBreakpointByUrl', { url: pathToFileURL(target).href, lineNumber: line, columnNumber: column });
process.on('exit', () => console.log(JSON.stringify(seen)));
require(target);
`;

/** Runs the output, and answers for each stop the authored line and the value that \`id\` has there. */
export function stopsOf(directory: string, output: string): { line: number; id: unknown }[] {
  const path = join(directory, output);
  const mappings = decode(JSON.parse(readFileSync(`${path}.map`, 'utf8')).mappings);
  const places = [...LINES.values()].map((wanted) => {
    const statement = (STOPS.split('\n')[wanted - 1] as string).search(/return|yield/);
    for (const [line, segments] of mappings.entries())
      for (const segment of segments)
        if (segment.length > 1 && segment[2] === wanted - 1 && segment[3] === statement) return { line, column: segment[0] };
    throw new Error(`the statement of line ${wanted} has no place in the output`);
  });
  write(directory, 'debug.cjs', DEBUGGER);
  const { stdout, stderr } = execute(directory, 'debug.cjs', path, JSON.stringify(places));
  if (stdout === '') throw new Error(stderr);
  const seen = JSON.parse(stdout.trimEnd().split('\n').pop() as string) as { line: number; column: number; id: unknown }[];
  return seen.map(({ line, column, id }) => {
    const at = (mappings[line] ?? []).filter((segment) => segment.length > 1 && segment[0] <= column).pop();
    return { line: (at?.[2] ?? -1) + 1, id };
  });
}

/** Each line once, in the order of the calls, with what the function was called with. */
export const EXPECTED_STOPS = [...LINES].map(([name, line]) => ({ line, id: name === 'state' ? 'p' : 'x' }));

const STEPPER = `
const { Session } = require('node:inspector');
const session = new Session();
session.connect();
const seen = [];
const mapped = JSON.parse(process.argv[3]);
let program;
session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => {
  if (url.endsWith('/out/main.js')) program = scriptId;
});
session.on('Debugger.paused', ({ params: { callFrames: [{ location: { scriptId, lineNumber: line, columnNumber: column } }] } }) => {
  if (scriptId === program && (mapped[line] ?? []).some((first) => first <= column)) seen.push({ line, column });
  session.post(scriptId === program ? 'Debugger.stepInto' : 'Debugger.stepOut');
});
session.post('Debugger.enable');
session.post('Debugger.setBlackboxPatterns', { patterns: ['/dist/runtime/', '/node_modules/'] });
process.on('exit', () => console.log(JSON.stringify(seen)));
require(process.argv[2]);
`;

/** Steps into each call behind a `debugger` statement. @returns the authored lines where the debugger stopped, without repeats in a row */
export function steppedLines(directory: string, output: string): number[] {
  const path = join(directory, output);
  const mappings = decode(JSON.parse(readFileSync(`${path}.map`, 'utf8')).mappings);
  write(directory, 'step.cjs', STEPPER);
  const mapped = mappings.map((segments) => segments.filter((segment) => segment.length > 1).map(([column]) => column));
  const { stdout, stderr } = execute(directory, 'step.cjs', path, JSON.stringify(mapped));
  if (stdout === '') throw new Error(stderr);
  const seen = JSON.parse(stdout.trimEnd().split('\n').pop() as string) as { line: number; column: number }[];
  const lines = seen.map(({ line, column }) => {
    const at = (mappings[line] ?? []).filter((segment) => segment.length > 1 && segment[0] <= column).pop();
    return (at?.[2] ?? -1) + 1;
  });
  return lines.filter((line, at) => line !== lines[at - 1]);
}

/** Each call, then the first line of its method, with any output between them. */
export const STEPPED: readonly (readonly [call: number, first: number])[] = ['plain', 'waited', 'state', 'one'].map((name) => {
  const lines = STEPS.split('\n');
  const call = lines.findIndex((line) => line.trim().match(new RegExp(`^(await )?service\\.${name}\\b`)) !== null);
  return [call + 1, lines.findIndex((line) => line.endsWith(`// enters: ${name}`)) + 1];
});
