// How a function can refer to itself in its own body: by its name, where nothing else has that name there and nothing assigns to it. Called
// by auto mode: a prologue has to find the function that it enters again. One instance a file.

import type ts from 'typescript';
import { type Compiler, type FunctionNode, hasModifier, unwrapped } from './compiler.js';

export type SelfReference = (node: FunctionNode) => string | undefined;

export function selfReferences(ts: Compiler, file: ts.SourceFile): SelfReference {
  let assigned: ReadonlySet<string> | undefined;

  return (node) => {
    const name = nameOf(node);
    if (name === undefined || isDeclaredWithin(ts, node, name)) return undefined;
    assigned ??= assignedNames(ts, file);
    return assigned.has(name) ? undefined : name;
  };

  function nameOf(node: FunctionNode): string | undefined {
    if (ts.isFunctionDeclaration(node) || ts.isFunctionExpression(node)) {
      if (node.name !== undefined) return node.name.text;
    }
    const { parent } = node;
    if (!ts.isVariableDeclaration(parent) || parent.initializer !== node || !ts.isIdentifier(parent.name)) return undefined;
    const list = parent.parent;
    if ((list.flags & ts.NodeFlags.Const) === 0) return undefined;
    // what a namespace of TypeScript exports is no variable
    const exported = hasModifier(list.parent, ts.SyntaxKind.ExportKeyword) && ts.isModuleBlock(list.parent.parent);
    return exported ? undefined : parent.name.text;
  }
}

function isDeclaredWithin(ts: Compiler, node: FunctionNode, name: string): boolean {
  const within = (child: ts.Node): boolean => {
    if (ts.isTypeNode(child)) return false;
    const declared = (child as { name?: ts.Node }).name;
    const binds =
      ts.isVariableDeclaration(child) ||
      ts.isBindingElement(child) ||
      ts.isParameter(child) ||
      ts.isFunctionDeclaration(child) ||
      ts.isClassDeclaration(child) ||
      ts.isEnumDeclaration(child) ||
      ts.isModuleDeclaration(child);
    if (binds && declared !== undefined && ts.isIdentifier(declared) && declared.text === name) return true;
    return ts.forEachChild(child, (inner) => within(inner) || undefined) === true;
  };
  return ts.forEachChild(node, (child) => within(child) || undefined) === true;
}

/** Names that something is assigned to after their declaration, in any scope, and names of functions that are declared twice. */
function assignedNames(ts: Compiler, file: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  const add = (target: ts.Expression): void => {
    const inner = unwrapped(ts, target);
    if (ts.isIdentifier(inner)) names.add(inner.text);
    else if (ts.isArrayLiteralExpression(inner) || ts.isObjectLiteralExpression(inner)) ts.forEachChild(inner, addAll);
  };
  const addAll = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.add(node.text);
    ts.forEachChild(node, addAll);
  };
  const assignLoop = (target: ts.ForInitializer): void => {
    if (ts.isVariableDeclarationList(target)) addAll(target);
    else add(target);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    if (ts.isBinaryExpression(node) && isAssignment(ts, node)) add(node.left);
    else if (isIncrement(ts, node)) add(node.operand);
    else if (ts.isForOfStatement(node) || ts.isForInStatement(node)) assignLoop(node.initializer);
    else if (ts.isVariableDeclaration(node) && isVar(ts, node) && node.initializer !== undefined) addAll(node.name);
    const seen = new Set<string>();
    ts.forEachChild(node, (child) => {
      if (ts.isFunctionDeclaration(child) && child.body !== undefined && child.name !== undefined) {
        if (seen.has(child.name.text)) names.add(child.name.text);
        seen.add(child.name.text);
      }
      visit(child);
    });
  };
  visit(file);
  return names;
}

function isAssignment(ts: Compiler, { operatorToken: { kind } }: ts.BinaryExpression): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

function isIncrement(ts: Compiler, node: ts.Node): node is ts.PrefixUnaryExpression | ts.PostfixUnaryExpression {
  if (!ts.isPrefixUnaryExpression(node) && !ts.isPostfixUnaryExpression(node)) return false;
  return node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken;
}

function isVar(ts: Compiler, { parent }: ts.VariableDeclaration): boolean {
  return (parent.flags & ts.NodeFlags.BlockScoped) === 0;
}
