// The prologue as compiler nodes, for the AST printer. Nodes, not text, because some syntax is lowered: `await` is lowered below
// ES2017, and private names below ES2022.

import type ts from 'typescript';
import type { Compiler } from '../core/compiler.js';
import type { ModuleNames, Plan } from '../core/edit.js';
import type { Site } from '../core/site.js';
import { awaitedText, COVERAGE_HINT, inlineText, isHinted, prologueText } from './prologue.js';

export function prologueNodes(ts: Compiler, factory: ts.NodeFactory, site: Site, plan: Plan): ts.Statement {
  const { test, answer } = prologueText(site, plan.module);
  const { prologue } = site;
  const verbatim = (text: string): ts.Expression => factory.createIdentifier(text);
  const check = factory.createIfStatement(
    prologue?.own?.startsWith('this.#') ? privateTest(factory, test, prologue.own) : verbatim(test),
    prologue?.async ? awaited(ts, factory, answer, plan.module) : factory.createReturnStatement(verbatim(answer)),
  );
  unmapped(ts, check);
  return isHinted(site, plan)
    ? ts.addSyntheticLeadingComment(check, ts.SyntaxKind.MultiLineCommentTrivia, COVERAGE_HINT, false)
    : check;
}

function awaited(ts: Compiler, factory: ts.NodeFactory, answer: string, names: ModuleNames): ts.Statement {
  const { promise, fulfil, fail } = awaitedText(names);
  const line = <Node extends ts.Node>(node: Node): Node => ts.setEmitFlags(node, ts.EmitFlags.SingleLine);
  const verbatim = (text: string): ts.Expression => factory.createIdentifier(text);
  const passed = (callee: string, value: ts.Expression): ts.Expression =>
    factory.createCallExpression(verbatim(callee), undefined, [value]);
  const made = factory.createVariableDeclaration(names.call, undefined, undefined, verbatim(answer));
  const given = factory.createReturnStatement(passed(fulfil, factory.createAwaitExpression(verbatim(promise))));
  const failed = factory.createThrowStatement(passed(fail, verbatim(names.error)));
  const caught = factory.createCatchClause(names.error, line(factory.createBlock([failed])));
  const attempt = line(factory.createTryStatement(line(factory.createBlock([given])), caught, undefined));
  return line(factory.createBlock([line(factory.createVariableStatement(undefined, [made])), attempt]));
}

/** The test with the private member as a node. */
function privateTest(factory: ts.NodeFactory, test: string, own: string): ts.Expression {
  const [recorder, call] = test.split('&&') as [string, string];
  const passed = call
    .slice(recorder.length + 1, -1)
    .split(',')
    .slice(1);
  const member = factory.createPropertyAccessExpression(
    factory.createThis(),
    factory.createPrivateIdentifier(own.slice('this.'.length)),
  );
  const given = passed.map((one) => (one === 'this' ? factory.createThis() : factory.createIdentifier(one)));
  const asked = factory.createCallExpression(factory.createIdentifier(recorder), undefined, [member, ...given]);
  return factory.createLogicalAnd(factory.createIdentifier(recorder), asked);
}

export function inlineNodes(
  ts: Compiler,
  factory: ts.NodeFactory,
  site: Site,
  { module: names }: Plan,
  body: readonly ts.Statement[],
): ts.Statement[] {
  const { start, fail, end } = inlineText(site, names);
  const statement = (text: string): ts.Statement => factory.createExpressionStatement(factory.createIdentifier(text));
  const line = (text: string): ts.Block => ts.setEmitFlags(factory.createBlock([statement(text)]), ts.EmitFlags.SingleLine);
  const failed = factory.createCatchClause(names.error, line(fail));
  const attempt = factory.createTryStatement(factory.createBlock(body, true), failed, line(end));
  ts.setEmitFlags(attempt, ts.EmitFlags.NoSourceMap);
  return [unmapped(ts, statement(start)), attempt];
}

function unmapped<Node extends ts.Node>(ts: Compiler, node: Node): Node {
  const { NoSourceMap, NoNestedSourceMaps, SingleLine } = ts.EmitFlags;
  return ts.setEmitFlags(node, NoSourceMap | NoNestedSourceMaps | SingleLine);
}
