// Auto mode: which functions of a file are instrumented although nothing marks them. Exported functions are found here; methods
// are those that `@instrument` on the class would take. A comment `@spanwright-skip` before a declaration leaves it out.

import type ts from 'typescript';
import { type Compiler, functionLiteral, hasModifier } from './compiler.js';
import type { Declared } from './declared.js';
import { prologueOf } from './prologue.js';
import { isServerFunction } from './server-function.js';

const PRAGMA = /(^|[\s*/])@spanwright-skip\b(?!-)/;

/** Whether the comments before a node ask to leave it out. */
export function isSkipped(ts: Compiler, node: ts.Node, file: ts.SourceFile): boolean {
  const comments = ts.getLeadingCommentRanges(file.text, node.pos) ?? [];
  return comments.some(({ pos, end }) => PRAGMA.test(file.text.slice(pos, end)));
}

/** A function declaration whose binding can be replaced, or a function that is the value of an exported constant or of the export. */
export type Exported =
  | { readonly kind: 'declaration'; readonly node: ts.FunctionDeclaration; readonly name: Declared }
  | {
      readonly kind: 'value';
      readonly node: ts.ArrowFunction | ts.FunctionExpression;
      readonly name: Declared;
      /** The name that an anonymous one gets from where it stands. */
      readonly given: string | null;
    };

/**
 * The exported functions at the top level of a file, in order.
 * @param assigned exports become assignments to `exports`, which name no function.
 */
export function exportedFunctions(ts: Compiler, file: ts.SourceFile, assigned: boolean): Exported[] {
  const listed = exportLists(ts, file);
  const found: Exported[] = [];
  // without exports a name is out of reach, but what CommonJS exports may be any variable
  const script = /\.c?js$/.test(file.fileName) && !hasModuleSyntax(ts, file);
  for (const statement of file.statements) {
    if (hasModifier(statement, ts.SyntaxKind.DeclareKeyword) || isSkipped(ts, statement, file)) continue;
    const exported = script || hasModifier(statement, ts.SyntaxKind.ExportKeyword);
    if (ts.isFunctionDeclaration(statement)) {
      const { name, body } = statement;
      if (name !== undefined && body !== undefined && (exported || listed.has(name.text)))
        found.push({ kind: 'declaration', node: statement, name: { text: name.text, node: name } });
    } else if (ts.isExportAssignment(statement)) {
      const node = functionLiteral(ts, statement.expression);
      if (node === undefined) continue;
      const name: Declared = { text: node.name?.text ?? 'default', node: node.name ?? node };
      const given = node.name === undefined && !assigned && !statement.isExportEquals ? 'default' : null;
      found.push({ kind: 'value', node, name, given });
    } else if (ts.isVariableStatement(statement) && (statement.declarationList.flags & ts.NodeFlags.Const) !== 0) {
      for (const { name, initializer } of statement.declarationList.declarations) {
        const node = functionLiteral(ts, initializer);
        if (node === undefined || !ts.isIdentifier(name) || !(exported || listed.has(name.text))) continue;
        // TypeScript keeps the variable of a function that is written plainly, and with it the name.
        const named = node.name === undefined && !(assigned && exported && initializer !== node);
        found.push({ kind: 'value', node, name: { text: name.text, node: name }, given: named ? name.text : null });
      }
    } else if (script && ts.isExpressionStatement(statement)) found.push(...assignedFunctions(ts, statement.expression));
  }
  // a forwarder in front of a server function is refused
  return found.filter(({ node }) => !isServerFunction(ts, node) || prologueOf(ts, node) !== undefined);
}

/** The functions in `exports.a = function () {}`, `module.exports = { a: () => {} }` and `module.exports = function a() {}`. */
function assignedFunctions(ts: Compiler, expression: ts.Expression): Exported[] {
  if (!ts.isBinaryExpression(expression) || expression.operatorToken.kind !== ts.SyntaxKind.EqualsToken) return [];
  const { left, right } = expression;
  if (!ts.isPropertyAccessExpression(left) || !/^(module\.)?exports\b/.test(left.getText())) return [];
  const whole = left.getText() === 'module.exports';
  const node = functionLiteral(ts, right);
  if (node !== undefined) {
    const text = node.name?.text ?? (whole ? 'default' : left.name.text);
    return [{ kind: 'value', node, name: { text, node: node.name ?? node }, given: null }];
  }
  if (!whole || !ts.isObjectLiteralExpression(right)) return [];
  return right.properties.flatMap((property): Exported[] => {
    if (!ts.isPropertyAssignment(property) || ts.isComputedPropertyName(property.name)) return [];
    const value = functionLiteral(ts, property.initializer);
    if (value === undefined || !('text' in property.name)) return [];
    const { text } = property.name;
    return [{ kind: 'value', node: value, name: { text, node: property.name }, given: value.name === undefined ? text : null }];
  });
}

function hasModuleSyntax(ts: Compiler, file: ts.SourceFile): boolean {
  return file.statements.some(
    (statement) =>
      ts.isImportDeclaration(statement) ||
      ts.isExportDeclaration(statement) ||
      ts.isExportAssignment(statement) ||
      hasModifier(statement, ts.SyntaxKind.ExportKeyword),
  );
}

/** Local names in `export { a, b as c }` and `export default a`. */
function exportLists(ts: Compiler, file: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  for (const statement of file.statements) {
    if (ts.isExportAssignment(statement) && ts.isIdentifier(statement.expression)) names.add(statement.expression.text);
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier !== undefined || statement.isTypeOnly) continue;
    const clause = statement.exportClause;
    if (clause === undefined || !ts.isNamedExports(clause)) continue;
    for (const element of clause.elements) if (!element.isTypeOnly) names.add((element.propertyName ?? element.name).text);
  }
  return names;
}
