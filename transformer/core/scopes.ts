// Recognition without a type checker: names are looked up by the scoping rules of the language within the one file, and where an
// import leads is resolved by the host, or by its module specifier alone. Used by hosts that see one file at a time. One instance a file.

import type ts from 'typescript';
import { type Compiler, unwrapped } from './compiler.js';
import {
  importBindings,
  loadsPackage,
  type Meaning,
  meaningOf,
  meaningOfConstant,
  meaningOfReference,
  type Recognition,
  type Reference,
  referenceOfImport,
} from './recognition.js';

type Names = Map<string, ts.Node>;

/** Resolves the imports of one file, for hosts that can read other files. */
export interface Modules {
  meaning(reference: Reference): Meaning;
  /** True if it has a Meaning, or is a module that re-exports something with one. */
  leads(reference: Reference): boolean;
}

const BY_TEXT: Modules = {
  meaning: meaningOfReference,
  leads: (reference) => meaningOfReference(reference) !== undefined,
};

export function recognitionByScopes(ts: Compiler, modules: Modules = BY_TEXT): Recognition {
  const scopes = new Map<ts.Node, Names>();
  const resolving = new Set<ts.Node>();

  function names(container: ts.Node): Names {
    let known = scopes.get(container);
    if (known === undefined) {
      known = namesIn(ts, container);
      scopes.set(container, known);
    }
    return known;
  }

  function declarationOf(identifier: ts.Identifier): ts.Node | undefined {
    let child: ts.Node = identifier;
    for (let node = identifier.parent; node !== undefined; child = node, node = node.parent) {
      // Decorators and computed names are evaluated outside of the function that they belong to.
      if ((ts.isDecorator(child) || ts.isComputedPropertyName(child)) && ts.isFunctionLike(node)) continue;
      const found = names(node).get(identifier.text);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  function identifier(node: ts.Identifier): Meaning {
    const declaration = declarationOf(node);
    if (declaration === undefined || resolving.has(declaration)) return undefined;
    const reference = referenceOfImport(ts, declaration);
    if (reference !== undefined) return modules.meaning(reference);
    resolving.add(declaration);
    const constant = meaningOfConstant(ts, declaration, meaning);
    resolving.delete(declaration);
    return constant;
  }

  /** `tracing.instrument`, where `tracing` is a module of the user's. */
  function member(access: ts.PropertyAccessExpression): Meaning {
    const path: string[] = [];
    let inner: ts.Expression = access;
    for (; ts.isPropertyAccessExpression(inner); inner = unwrapped(ts, inner.expression)) path.unshift(inner.name.text);
    const declaration = ts.isIdentifier(inner) ? declarationOf(inner) : undefined;
    const reference = declaration && referenceOfImport(ts, declaration);
    return reference && modules.meaning({ specifier: reference.specifier, path: [...reference.path, ...path] });
  }

  function meaning(expression: ts.Expression): Meaning {
    return meaningOf(ts, expression, { identifier, member });
  }

  function namesOf(file: ts.SourceFile): string[] {
    return importBindings(ts, file).flatMap((binding) => {
      const reference = referenceOfImport(ts, binding);
      return binding.name !== undefined && reference !== undefined && modules.leads(reference) ? [binding.name.text] : [];
    });
  }

  return {
    meaning,
    declaration: declarationOf,
    reaches: (file) => loadsPackage(file.text) || namesOf(file).length > 0,
    names: (file) => (loadsPackage(file.text) ? undefined : namesOf(file)),
  };
}

/** The names that one node of the tree declares for what is within it. */
function namesIn(ts: Compiler, container: ts.Node): Names {
  const names: Names = new Map();
  const bind = (name: ts.BindingName | undefined, declaration: ts.Node): void => {
    if (name === undefined) return;
    if (ts.isIdentifier(name)) names.set(name.text, declaration);
    else for (const element of name.elements) if (ts.isBindingElement(element)) bind(element.name, element);
  };
  const list = (declarations: ts.VariableDeclarationList): void => {
    for (const declaration of declarations.declarations) bind(declaration.name, declaration);
  };

  if (ts.isFunctionLike(container)) {
    for (const parameter of container.parameters) bind(parameter.name, parameter);
    if (ts.isFunctionExpression(container)) bind(container.name, container);
    const { body } = container as ts.FunctionLikeDeclaration;
    if (body !== undefined) hoisted(ts, body, list);
  } else if (ts.isClassLike(container)) bind(container.name, container);
  else if (ts.isCatchClause(container)) bind(container.variableDeclaration?.name, container);
  else if (ts.isForStatement(container) || ts.isForOfStatement(container) || ts.isForInStatement(container)) {
    const { initializer } = container;
    if (initializer !== undefined && ts.isVariableDeclarationList(initializer)) list(initializer);
  } else if (ts.isSourceFile(container)) {
    hoisted(ts, container, list);
    for (const binding of importBindings(ts, container)) bind(binding.name, binding);
  }
  for (const statement of statementsOf(ts, container)) {
    if (ts.isVariableStatement(statement)) list(statement.declarationList);
    else bind(nameOfDeclaration(ts, statement), statement);
  }
  return names;
}

/** The name of a function, class, enum or namespace; a module with a text for its name declares none. */
function nameOfDeclaration(ts: Compiler, statement: ts.Statement): ts.Identifier | undefined {
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement) || ts.isEnumDeclaration(statement))
    return statement.name;
  return ts.isModuleDeclaration(statement) && ts.isIdentifier(statement.name) ? statement.name : undefined;
}

function statementsOf(ts: Compiler, node: ts.Node): readonly ts.Statement[] {
  if (ts.isSourceFile(node) || ts.isBlock(node) || ts.isModuleBlock(node)) return node.statements;
  return ts.isCaseBlock(node) ? node.clauses.flatMap((clause) => [...clause.statements]) : [];
}

/** Finds the `var` lists that belong to a function or file, however deep in its blocks they are. */
function hoisted(ts: Compiler, root: ts.Node, found: (list: ts.VariableDeclarationList) => void): void {
  ts.forEachChild(root, function visit(node: ts.Node): void {
    if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isTypeNode(node)) return;
    if (ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.BlockScoped) === 0) found(node);
    ts.forEachChild(node, visit);
  });
}
