// The prologue as compiler nodes, for the AST printer. Nodes, not text, for what is lowered: `await` is written otherwise below ES2017.

import type ts from 'typescript';
import type { Compiler } from '../core/compiler.js';
import { COVERAGE_HINT, type PrologueText } from './prologue.js';

export function prologueNodes(ts: Compiler, factory: ts.NodeFactory, parts: PrologueText, async: boolean): ts.Statement {
  const { test, ask, answered, answer, error } = parts;
  const verbatim = (text: string): ts.Expression => factory.createIdentifier(text);
  const of = (method: string, argument: ts.Expression): ts.Expression =>
    factory.createCallExpression(verbatim(`${answer}.${method}`), undefined, [argument]);
  const left = async
    ? factory.createTryStatement(
        factory.createBlock([factory.createReturnStatement(of('ok', factory.createAwaitExpression(verbatim(`${answer}.p`))))]),
        factory.createCatchClause(error, factory.createBlock([factory.createThrowStatement(of('fail', verbatim(error)))])),
        undefined,
      )
    : factory.createReturnStatement(verbatim(answer));
  const { NoSourceMap, NoNestedSourceMaps, SingleLine } = ts.EmitFlags;
  const asked = factory.createExpressionStatement(verbatim(ask));
  const check = factory.createIfStatement(
    verbatim(test),
    factory.createBlock([asked, ts.setEmitFlags(factory.createIfStatement(verbatim(answered), left), SingleLine)]),
  );
  ts.setEmitFlags(check, NoSourceMap | NoNestedSourceMaps | SingleLine);
  return ts.addSyntheticLeadingComment(check, ts.SyntaxKind.MultiLineCommentTrivia, COVERAGE_HINT, false);
}
