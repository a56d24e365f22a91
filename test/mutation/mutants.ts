// Mutants of a source file: small changes, one at a time, each of which a test should notice. Texts of messages are left alone.

import ts from 'typescript';

export interface Mutant {
  /** Range in the text of the file, which `replacement` replaces. */
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  readonly line: number;
  /** `a < b` -> `a <= b` */
  readonly change: string;
}

const SWAPPED: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '&&': '||',
  '||': '&&',
  '??': '&&',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '+=': '-=',
  '-=': '+=',
};

/** Returned values that are not replaced by `undefined`: a boolean is inverted instead. */
const NOT_REPLACED: ReadonlySet<string> = new Set(['undefined', 'true', 'false']);

export function mutantsOf(path: string, text: string): Mutant[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: Mutant[] = [];
  const add = (node: ts.Node, replacement: string): void => {
    const [start, end] = [node.getStart(), node.getEnd()];
    const line = file.getLineAndCharacterOfPosition(start).line + 1;
    const before = node.getText().replace(/\s+/g, ' ').slice(0, 60);
    found.push({ start, end, replacement, line, change: `${before} -> ${replacement.slice(0, 60) || 'nothing'}` });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isImportDeclaration(node)) return;
    mutate(node, add);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function mutate(node: ts.Node, add: (node: ts.Node, replacement: string) => void): void {
  if (ts.isBinaryExpression(node)) {
    const swapped = SWAPPED[node.operatorToken.getText()];
    const joinsText = node.operatorToken.kind === ts.SyntaxKind.PlusToken && (isText(node.left) || isText(node.right));
    if (swapped !== undefined && !joinsText) add(node.operatorToken, swapped);
  } else if (ts.isIfStatement(node) || ts.isWhileStatement(node)) negate(node.expression, add);
  else if (ts.isConditionalExpression(node)) negate(node.condition, add);
  else if (ts.isExpressionStatement(node) && !isSuperCall(node.expression)) add(node, ';');
  else if (ts.isReturnStatement(node) && node.expression !== undefined && !NOT_REPLACED.has(node.expression.getText()))
    add(node.expression, 'undefined as never');
  else if (node.kind === ts.SyntaxKind.TrueKeyword) add(node, 'false');
  else if (node.kind === ts.SyntaxKind.FalseKeyword) add(node, 'true');
  else if (ts.isNumericLiteral(node)) add(node, String(Number(node.text.replaceAll('_', '')) + 1));
}

const negate = (condition: ts.Expression, add: (node: ts.Node, replacement: string) => void): void =>
  add(condition, `!(${condition.getText()})`);
const isText = (node: ts.Expression): boolean => ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
const isSuperCall = (node: ts.Expression): boolean =>
  ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword;
