// Questions about the members of one class: which can be instrumented, by which key they are found, and whether a static block finds
// the functions as they are written. Called by the plan.

import type ts from 'typescript';
import type { DiagnosticName } from '../diagnostics.js';
import { type Compiler, decoratorsOf, type FunctionNode, functionLiteral, hasModifier, rangeOf } from './compiler.js';
import { marksOf } from './marks.js';
import type { OptionsUse } from './prologue.js';
import { type Recognition, referenceOfImport } from './recognition.js';
import type { Range } from './site.js';

/** Target of a decorator and, when it can be instrumented, its function. */
type Target = { readonly name: DiagnosticName; readonly text: string } | { readonly body: FunctionNode };

interface MembersRequest {
  readonly ts: Compiler;
  readonly file: ts.SourceFile;
  readonly recognition: Recognition;
  readonly decorators: 'legacy' | 'standard';
  readonly staticBlocks: 'typescript' | 'esbuild' | 'renaming';
  readonly lowersBlocks?: boolean;
}

export type Members = ReturnType<typeof membersIn>;

export function membersIn(request: MembersRequest) {
  const { ts, file, recognition } = request;

  /** The methods that `@instrument` on a class instruments: with a body, reachable from outside, not marked themselves. */
  function methodsOf(node: ts.ClassLikeDeclaration): { node: ts.MethodDeclaration; key: string | Range }[] {
    return node.members.flatMap((member) => {
      if (!ts.isMethodDeclaration(member) || member.body === undefined || ts.isPrivateIdentifier(member.name)) return [];
      const { skipped, marks } = marksOf(ts, member, recognition);
      const key = keyOf(member.name);
      return skipped || marks.length > 0 || key === undefined ? [] : [{ node: member, key }];
    });
  }

  /** The key of a member as text, or the expression of a computed name if it can be evaluated twice with one result. */
  function keyOf(name: ts.PropertyName): string | Range | undefined {
    if (!ts.isComputedPropertyName(name)) return name.text;
    const { expression } = name;
    if (ts.isStringLiteralLike(expression) || ts.isNumericLiteral(expression)) return expression.text;
    return ts.isIdentifier(expression) || readsTwice(expression) ? rangeOf(expression, file) : undefined;
  }

  /** A property of `Symbol`, of an enum or of what is imported: reading it twice has no effect. Others may be accessors of the user. */
  function readsTwice(expression: ts.Expression): boolean {
    if (!ts.isPropertyAccessExpression(expression)) return false;
    let root: ts.Expression = expression.expression;
    while (ts.isPropertyAccessExpression(root)) root = root.expression;
    if (!ts.isIdentifier(root)) return false;
    if (root.text === 'Symbol' && root === expression.expression) return true;
    const declaration = recognition.declaration(root);
    return declaration !== undefined && (ts.isEnumDeclaration(declaration) || referenceOfImport(ts, declaration) !== undefined);
  }

  /** True if a static block may be added to the class. */
  function takesBlock(node: ts.ClassLikeDeclaration): boolean {
    if (request.staticBlocks === 'renaming') return false;
    if (request.lowersBlocks !== true || node.name !== undefined) return true;
    return !ts.isClassDeclaration(node) && !node.members.some(isOwnName);
  }

  /** TypeScript gives an anonymous class with a lowered block its name, over a static member `name`. */
  function isOwnName(member: ts.ClassElement): boolean {
    const { name } = member;
    return name !== undefined && hasModifier(member, ts.SyntaxKind.StaticKeyword) && keyOf(name) === 'name';
  }

  /** The name to use for the class in its static block; null for `this`. */
  function ownerInBlock(node: ts.ClassLikeDeclaration): string | null {
    return request.staticBlocks === 'typescript' && decoratorsOf(ts, node).length > 0 ? (node.name?.text ?? null) : null;
  }

  /**
   * True if a static block finds the functions as they are written. Decorators of the language have been applied by then. Below
   * ES2022 `this` is lost in the block of a decorated class, also where the decorator is taken away, so that the class needs a name.
   * @param own decorators of the class that are Spanwright's
   */
  function findsMembers(node: ts.ClassLikeDeclaration, own: number): boolean {
    if (!takesBlock(node)) return false;
    const all = decoratorsOf(ts, node).length;
    const standard = request.decorators === 'standard';
    if (standard && request.staticBlocks === 'esbuild' && node.members.some((member) => decoratorsOf(ts, member).length > 0))
      return false;
    return all === 0 || (node.name !== undefined && (!standard || all === own));
  }

  function hasDecoratedParameters({ parameters }: FunctionNode): boolean {
    return parameters.some((parameter) => decoratorsOf(ts, parameter).length > 0);
  }

  /**
   * The key under which a static block finds a marked member, where no other decorator or computed options intervene; its decorator
   * can then be removed.
   */
  function registrableKey(member: ts.ClassElement, owner: ts.ClassLikeDeclaration, use: OptionsUse): string | undefined {
    const { name } = member;
    if (use !== 'constant' || name === undefined || ts.isPrivateIdentifier(name) || !findsMembers(owner, 0)) return undefined;
    if (hasDecoratedParameters(member as FunctionNode)) return undefined;
    if (request.decorators === 'standard' && decoratorsOf(ts, member).length > 1) return undefined;
    const key = keyOf(name);
    return typeof key === 'string' ? key : undefined;
  }

  function targetOf(member: ts.ClassElement, text: string, ambient: boolean): Target {
    if (ambient || hasModifier(member, ts.SyntaxKind.DeclareKeyword)) return { name: 'ambient-target', text };
    if (ts.isConstructorDeclaration(member)) return { name: 'constructor-target', text };
    if (hasModifier(member, ts.SyntaxKind.AbstractKeyword)) return { name: 'abstract-target', text };
    if (ts.isMethodDeclaration(member) || ts.isAccessor(member))
      return member.body === undefined ? { name: 'overload-target', text } : { body: member };
    const literal = ts.isPropertyDeclaration(member) ? functionLiteral(ts, member.initializer) : undefined;
    if (literal === undefined || hasModifier(member, ts.SyntaxKind.AccessorKeyword))
      return { name: 'target-without-function', text };
    return { body: literal };
  }

  return { methodsOf, keyOf, takesBlock, ownerInBlock, findsMembers, hasDecoratedParameters, registrableKey, targetOf };
}
