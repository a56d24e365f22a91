// Layers of runtime/, as CONTRIBUTING.md lists them: imports, type imports included, run downward or stay on their line. Timers are
// released by one function.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { importsOf, PROJECT, projectFiles } from './sources.js';

/** Line of the list by entry: `span/` or `state.ts`. */
function layersIn(markdown: string): Map<string, number> {
  const [, section = ''] = markdown.split('### Layers of `runtime/`');
  const layers = new Map<string, number>();
  for (const [, line, entries] of section.split('\n#')[0]?.matchAll(/^(\d+)\. ((?:`[^`]+` ?)+): /gm) ?? []) {
    for (const [, entry] of (entries as string).matchAll(/`([^`]+)`/g)) layers.set(entry as string, Number(line));
  }
  return layers;
}

/** `runtime/span/end/observe.ts` belongs to `span/`. */
function entryOf(path: string): string {
  const [, first = '', ...rest] = path.split('/');
  return rest.length === 0 ? first : `${first}/`;
}

function upward(layers: ReadonlyMap<string, number>, path: string, source: string): string[] {
  const own = layers.get(entryOf(path)) as number;
  return importsOf(path, source)
    .filter(({ target }) => target?.startsWith('runtime/') && (layers.get(entryOf(target)) as number) > own)
    .map(({ line, specifier }) => `${path}:${line} imports ${specifier}`);
}

const LAYERS = layersIn(readFileSync(join(PROJECT, 'CONTRIBUTING.md'), 'utf8'));
const FILES = projectFiles().filter((path) => /^runtime\/.*\.ts$/.test(path));

test('every file and folder of runtime/ is listed, and every listed one exists', () => {
  const entries = new Set(FILES.map(entryOf));
  assert.equal([...LAYERS.keys()].sort(), [...entries].sort());
});

test('imports in runtime/ run downward or stay on their line', () => {
  assert.equal(
    FILES.flatMap((path) => upward(LAYERS, path, readFileSync(join(PROJECT, path), 'utf8'))),
    [],
  );
});

test('finds an upward import in every form, and accepts a downward one', () => {
  for (const source of [
    "import { decide } from '../span/run.js';",
    "import type { RecordedSpan } from '../span/recorded.js';",
    "export { decide } from '../span/run.js';",
    "type Recorder = import('../span/recorder.js').Recorder;",
    "const load = () => import('../setup/start.js');",
  ])
    assert.is(upward(LAYERS, 'runtime/gate/gate.ts', source).length, 1, source);
  for (const source of ["import { Site } from '../site/site.js';", "import './rules.js';", "import '@opentelemetry/api';"])
    assert.equal(upward(LAYERS, 'runtime/gate/gate.ts', source), [], source);
});

/** Objects with these methods that are no timers, by the last name of the receiver. */
const SOCKETS = new Set(['server', 'socket', 'connection', 'channel', 'client', 'stream']);

/** Calls of `unref()`, `ref()` and `hasRef()` on a timer, which is a number in jsdom and in Electron's renderers. */
function heldTimers(path: string, source: string): string[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const nameOf = (node: ts.Expression): string => {
    if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node))
      return nameOf(node.expression);
    if (ts.isIdentifier(node)) return node.text;
    return ts.isPropertyAccessExpression(node) ? node.name.text : node.getText();
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { name, expression } = node.expression;
      if (/^(?:unref|ref|hasRef)$/.test(name.text) && !SOCKETS.has(nameOf(expression))) found.push(`${path}: ${node.getText()}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

test('only captured.ts calls unref(), ref() or hasRef() of a timer', () => {
  const files = FILES.filter((path) => path !== 'runtime/captured.ts');
  assert.equal(
    files.flatMap((path) => heldTimers(path, readFileSync(join(PROJECT, path), 'utf8'))),
    [],
  );
});

test('finds such a call on a timer in every form, and accepts the function of captured.ts and sockets', () => {
  for (const source of [
    'setTimeout(run, 1).unref();',
    'this.#timer.unref?.();',
    'timer?.hasRef();',
    '(this.timer as NodeJS.Timeout).ref();',
    'timers[0]!.unref();',
  ])
    assert.is(heldTimers('a.ts', source).length, 1, source);
  for (const source of [
    'unref(setTimeout(run, 1));',
    'socket.unref();',
    '(channel as Held).unref();',
    'client.stream?.unref?.();',
  ])
    assert.equal(heldTimers('a.ts', source), [], source);
});

test.run();
