// Recognizes `instrument` by the binding of a name, never by its spelling. The core asks through this interface; a host
// with a type checker answers with hosts/checker.ts, one without with core/scopes.ts.

import type ts from 'typescript';
import { type Compiler, unwrapped } from './compiler.js';

/** The package, and the name within it, that sites are recognised by. */
export const PACKAGE = 'spanwright';
/** Meanings of the names that the package exports. */
export const EXPORTS: ReadonlyMap<string, Meaning> = new Map([
  ['instrument', 'instrument'],
  ['record', 'record'],
]);

/** Meaning of an expression: an export, a member of `instrument`, the module that exports it, or none of these. */
export type Meaning = 'instrument' | 'attributes' | 'skip' | 'record' | 'module' | undefined;

export interface Recognition {
  /** True when the file binds a name through which `instrument` can be reached; false lets it pass untouched. Cheap. */
  reaches(file: ts.SourceFile): boolean;
  /** The names that its imports bind through which `instrument` can be reached; undefined when there may be others. */
  names(file: ts.SourceFile): readonly string[] | undefined;
  meaning(expression: ts.Expression): Meaning;
  /** Declaration of a name in the same file. */
  declaration(identifier: ts.Identifier): ts.Node | undefined;
}

/** How one kind of host looks names up. */
interface Lookup {
  identifier(identifier: ts.Identifier): Meaning;
  /** A member of something that is neither `instrument` nor the module by its name alone. */
  member?(access: ts.PropertyAccessExpression): Meaning;
}

/** The meaning of an expression, given how identifiers are looked up. */
export function meaningOf(ts: Compiler, expression: ts.Expression, lookup: Lookup): Meaning {
  const inner = unwrapped(ts, expression);
  if (ts.isIdentifier(inner)) return lookup.identifier(inner);
  if (ts.isPropertyAccessExpression(inner) && ts.isIdentifier(inner.name)) {
    return memberOf(meaningOf(ts, inner.expression, lookup), inner.name.text) ?? lookup.member?.(inner);
  }
  return undefined;
}

/** Meaning of a member of something with a meaning. */
function memberOf(owner: Meaning, name: string): Meaning {
  if (owner === 'module') return name === 'default' ? 'module' : EXPORTS.get(name);
  return owner === 'instrument' && (name === 'skip' || name === 'attributes') ? name : undefined;
}

/** The meaning of a constant that another name is given by: `const trace = instrument`, `const { instrument: trace } = sw`. */
export function meaningOfConstant(ts: Compiler, declaration: ts.Node, meaning: (expression: ts.Expression) => Meaning): Meaning {
  if (ts.isVariableDeclaration(declaration) && declaration.initializer !== undefined) {
    const constant = (ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) !== 0;
    if (!constant) return undefined;
    return requiredSpecifier(ts, declaration.initializer) === PACKAGE ? 'module' : meaning(declaration.initializer);
  }
  if (!ts.isBindingElement(declaration) || !ts.isObjectBindingPattern(declaration.parent)) return undefined;
  const name = declaration.propertyName ?? declaration.name;
  if (!ts.isIdentifier(name) || declaration.dotDotDotToken !== undefined || declaration.initializer !== undefined)
    return undefined;
  return memberOf(meaningOfConstant(ts, declaration.parent.parent, meaning), name.text);
}

/** The module of `require('x')` and of `await import('x')`. */
export function requiredSpecifier(ts: Compiler, expression: ts.Expression): string | undefined {
  const inner = unwrapped(ts, expression);
  const call = ts.isAwaitExpression(inner) ? unwrapped(ts, inner.expression) : inner;
  if (!ts.isCallExpression(call)) return undefined;
  const loads = ts.isAwaitExpression(inner)
    ? call.expression.kind === ts.SyntaxKind.ImportKeyword
    : ts.isIdentifier(call.expression) && call.expression.text === 'require';
  const [specifier] = call.arguments;
  return loads && specifier !== undefined && ts.isStringLiteralLike(specifier) ? specifier.text : undefined;
}

/** Target of a binding: a module, or with a path a member of it, of a member of it, and so on. */
export interface Reference {
  readonly specifier: string;
  readonly path: readonly string[];
}

/** Meaning of a reference by its text alone. */
export function meaningOfReference({ specifier, path }: Reference): Meaning {
  return specifier === PACKAGE ? path.reduce<Meaning>(memberOf, 'module') : undefined;
}

/** Meaning of an import declaration's binding by the text of the declaration alone. */
export function meaningOfImport(ts: Compiler, declaration: ts.Node): Meaning {
  const reference = referenceOfImport(ts, declaration);
  return reference && meaningOfReference(reference);
}

/** Target of the binding of an import declaration; undefined for other declarations. */
export function referenceOfImport(ts: Compiler, declaration: ts.Node): Reference | undefined {
  const specifier = moduleOfImport(ts, declaration);
  if (specifier === undefined) return undefined;
  if (ts.isImportSpecifier(declaration)) return { specifier, path: [(declaration.propertyName ?? declaration.name).text] };
  return { specifier, path: ts.isImportClause(declaration) ? ['default'] : [] };
}

function moduleOfImport(ts: Compiler, declaration: ts.Node): string | undefined {
  if (ts.isImportEqualsDeclaration(declaration)) {
    const { moduleReference } = declaration;
    const from = ts.isExternalModuleReference(moduleReference) ? moduleReference.expression : undefined;
    return from !== undefined && ts.isStringLiteralLike(from) ? from.text : undefined;
  }
  if (!(ts.isImportSpecifier(declaration) || ts.isNamespaceImport(declaration) || ts.isImportClause(declaration)))
    return undefined;
  let node: ts.Node = declaration;
  while (!ts.isSourceFile(node) && !ts.isImportDeclaration(node)) node = node.parent;
  return ts.isImportDeclaration(node) && ts.isStringLiteralLike(node.moduleSpecifier) ? node.moduleSpecifier.text : undefined;
}

/** The bindings that the import statements of a file make, type-only ones left out. */
export function importBindings(
  ts: Compiler,
  file: ts.SourceFile,
): (ts.ImportSpecifier | ts.NamespaceImport | ts.ImportClause | ts.ImportEqualsDeclaration)[] {
  const found: ReturnType<typeof importBindings> = [];
  for (const statement of file.statements) {
    if (ts.isImportEqualsDeclaration(statement)) {
      if (!statement.isTypeOnly) found.push(statement);
      continue;
    }
    if (!ts.isImportDeclaration(statement)) continue;
    const clause = statement.importClause;
    if (clause === undefined || clause.isTypeOnly) continue;
    if (clause.name !== undefined) found.push(clause);
    const named = clause.namedBindings;
    if (named !== undefined && ts.isNamespaceImport(named)) found.push(named);
    if (named !== undefined && ts.isNamedImports(named)) found.push(...named.elements.filter((element) => !element.isTypeOnly));
  }
  return found;
}

const LOADING = new RegExp(`\\b(?:require|import)\\s*\\(\\s*['"]${PACKAGE}['"]`);

/** True if the text loads the package other than by an import statement. */
export function loadsPackage(text: string): boolean {
  return text.includes(PACKAGE) && LOADING.test(text);
}
