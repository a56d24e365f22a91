// What records a function from inside as compiler nodes, for the AST printer. Nodes, not text, for what is lowered: `await` is written
// otherwise below ES2017, and private names below ES2022.

import type ts from 'typescript';
import type { Compiler } from '../core/compiler.js';
import type { Plan } from '../core/edit.js';
import type { Site } from '../core/site.js';
import { COVERAGE_HINT, inlineText, isHinted, prologueText } from './prologue.js';

export function prologueNodes(ts: Compiler, factory: ts.NodeFactory, site: Site, plan: Plan): ts.Statement {
  const { test, answer } = prologueText(site, plan.module);
  const { prologue } = site;
  const verbatim = (text: string): ts.Expression => factory.createIdentifier(text);
  const given = prologue?.async ? factory.createAwaitExpression(verbatim(answer)) : verbatim(answer);
  const check = factory.createIfStatement(
    prologue?.own?.startsWith('this.#') ? privateTest(factory, test, prologue.own) : verbatim(test),
    factory.createReturnStatement(given),
  );
  unmapped(ts, check);
  return isHinted(site, plan)
    ? ts.addSyntheticLeadingComment(check, ts.SyntaxKind.MultiLineCommentTrivia, COVERAGE_HINT, false)
    : check;
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
