// A copy of the built package in which every statement of the recording path that calls something can be made to fail: `$fault(n)` before
// statement n throws while `globalThis.failing` is n. The copy is below the repository, so that it finds the same dependencies.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { builtParts, partAt } from '../../../bench/built-parts.js';
import { ROOT } from '../../transformer/compile.js';

export const COPY = join(ROOT, '.cache', 'injected-faults');

/** Modules that run during a recorded call. Set-up, export and the entry points run outside of it. */
const RECORDING_PATH = /^(emitted|state)\.ts$|^(span|gate|open|site|context|instrument|propagation|sessions)\//;

/** Statements that only run the program's own function, or pass it on: a fault there would be the function's own. */
const RUNS_THE_PROGRAM =
  /apply\)?\((body|fn|step|then|later|prototype)\b|\(thenOf\(|callBody|recordAwaited\)?\(|recordCall\)?\(|decideAndRecord\(|enterAgain\(|recordGenerator\(|call, body|call\.inside\(then|(Reflect\.get|reflectGet)\)?\(prototype|\b(withContext|runUnder|runWith|context\.with)\(|^return work\(|^value = call\(|this\.#provided\.spanContext\(|this\.ancestor\.spanContext\(/;

/** Statements that only call a function which guards itself: a fault there would be the function's own, whose statements are tried too. */
const CALLS_GUARDED =
  /^(const \w+ = (given \?\? )?|return (made \S+ \w+ \? (made : )?)?)?(injectAs|extract|this\.#record|knownContext|transparent|attempt)\(|^return session === undefined|^this\.(end|#write)\(|^super\.(setStatus|updateName)\(|^runManaged\(|^(endCall|closeCall)\(/;

/** A statement by its number. */
export interface Point {
  /** Module, and line of the built file: `span/run.ts:4981`. */
  readonly place: string;
  readonly text: string;
}

const PRELUDE =
  'function $fault(n) { (globalThis.reached ??= new Set()).add(n); if (globalThis.failing === n) throw new Error("injected fault " + n); }';

/** Writes the copy again and lists its points. */
export function writeCopy(): readonly Point[] {
  rmSync(COPY, { recursive: true, force: true });
  mkdirSync(COPY, { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(COPY, 'package.json'));
  cpSync(join(ROOT, 'dist'), join(COPY, 'dist'), { recursive: true });
  const points: Point[] = [];
  const runtime = join(COPY, 'dist', 'runtime');
  for (const name of readdirSync(runtime, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!name.endsWith('.js')) continue;
    const path = join(runtime, name);
    writeFileSync(path, withFaults(name, readFileSync(path, 'utf8'), points));
  }
  return points;
}

function withFaults(built: string, source: string, points: Point[]): string {
  const file = ts.createSourceFile(built, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const parts = builtParts(source);
  /** Texts to insert, by position. */
  const edits: [position: number, text: string][] = [];
  const surround = (node: ts.Node, [before, between, after]: readonly [string, string, string]): void => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    const name = partAt(parts, node.getStart());
    if (name === undefined || !RECORDING_PATH.test(name)) return;
    const point = points.push({ place: `${name}:${line + 1}`, text: node.getText().split('\n', 1)[0] as string }) - 1;
    edits.push([node.getStart(), `${before}$fault(${point})${between}`], [node.getEnd(), after]);
  };
  const visit = (node: ts.Node, inFunction: boolean): void => {
    if (ts.isArrowFunction(node) && !ts.isBlock(node.body) && canThrow(node.body)) surround(node.body, ['(', ', ', ')']);
    if (inFunction && ts.isStatement(node) && !ts.isBlock(node) && !ts.isFunctionDeclaration(node) && canThrow(node)) {
      const listed = ts.isBlock(node.parent) || ts.isCaseOrDefaultClause(node.parent);
      surround(node, listed ? ['', '; ', ''] : ['{ ', '; ', ' }']);
    }
    ts.forEachChild(node, (child) => visit(child, inFunction || ts.isFunctionLike(child)));
  };
  visit(file, false);
  edits.sort(([a], [b]) => a - b);
  let [text, at] = ['', 0];
  for (const [position, insert] of edits) {
    text += source.slice(at, position) + insert;
    at = position;
  }
  return `${text}${source.slice(at)}\n${PRELUDE}\n`; // the first line is "use strict"
}

const canThrow = (node: ts.Node): boolean =>
  calls(node) && !RUNS_THE_PROGRAM.test(headOf(node)) && !CALLS_GUARDED.test(headOf(node));

/** True when the node itself calls something, in contrast to the functions and statements that it holds. Reads and assignments cannot fail. */
function calls(node: ts.Node): boolean {
  if (ts.isCallExpression(node) || ts.isNewExpression(node) || ts.isTaggedTemplateExpression(node)) return true;
  return ts.forEachChild(node, (child) => !ts.isFunctionLike(child) && !ts.isStatement(child) && calls(child)) ?? false;
}

/** Text of a compound statement up to its first statement, of any other node the whole text. */
function headOf(node: ts.Node): string {
  const first = ts.forEachChild(node, (child) => (ts.isStatement(child) ? child : undefined));
  return node.getText().slice(0, first === undefined ? undefined : first.getStart() - node.getStart());
}
