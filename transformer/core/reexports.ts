// Re-exports of a module: its exports that are bound to something of another module, by name, as plain data. Read of modules that users
// import `instrument` from in place of the package. Called by hosts that see one file at a time; follows no chain.

import type ts from 'typescript';
import { boundNames, type Compiler, hasModifier, unwrapped } from './compiler.js';
import { importBindings, PACKAGE, type Reference, referenceOfImport, requiredSpecifier } from './recognition.js';

export interface Reexports {
  /** Target of each export that may come from another module; null for the module's own, which hide those of `export *`. */
  readonly named: ReadonlyMap<string, Reference | null>;
  /** The modules of `export * from`. */
  readonly all: readonly string[];
}

const FORMS = [
  /\bexport\s*[*{]/,
  /\bexport\s+const\s*\{/,
  /\bexport\s+const\s+[\w$]+\s*(?::[^=]*)?=\s*\(*[\w$.]+\)*\s*(?:;|$|!|as\b|satisfies\b)/m,
  /\bexport\s+default\s+[\w$.]+\s*(?:;|$)/m,
];

/** True for a text that may re-export anything. Cheap, and false for most modules. */
export function mayReexport(text: string): boolean {
  return (text.includes(PACKAGE) || /\b(?:from|require)\b/.test(text)) && FORMS.some((form) => form.test(text));
}

export function reexportsOf(ts: Compiler, file: ts.SourceFile): Reexports {
  const named = new Map<string, Reference | null>();
  const all: string[] = [];
  const locals = localsOf(ts, file);

  function addDeclaration({ exportClause, moduleSpecifier }: ts.ExportDeclaration): void {
    const specifier = moduleSpecifier !== undefined && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined;
    if (exportClause === undefined) {
      if (specifier !== undefined) all.push(specifier);
      return;
    }
    if (ts.isNamespaceExport(exportClause)) {
      named.set(exportClause.name.text, specifier === undefined ? null : { specifier, path: [] });
      return;
    }
    for (const { name, propertyName = name, isTypeOnly } of exportClause.elements) {
      const { text } = propertyName;
      if (!isTypeOnly) named.set(name.text, specifier === undefined ? locals(text) : { specifier, path: [text] });
    }
  }

  for (const statement of file.statements) {
    if (ts.isExportDeclaration(statement)) {
      if (!statement.isTypeOnly) addDeclaration(statement);
    } else if (ts.isExportAssignment(statement)) {
      if (!statement.isExportEquals) named.set('default', locals(statement.expression));
    } else if (hasModifier(statement, ts.SyntaxKind.ExportKeyword)) {
      for (const name of declaredBy(ts, statement)) named.set(name, locals(name));
      if (hasModifier(statement, ts.SyntaxKind.DefaultKeyword)) named.set('default', null);
    }
  }
  return { named, all };
}

/** Targets of the names at a module's top level. */
function localsOf(ts: Compiler, file: ts.SourceFile): (of: string | ts.Expression) => Reference | null {
  const declarations = new Map<string, ts.Node>();
  for (const binding of importBindings(ts, file)) if (binding.name !== undefined) declarations.set(binding.name.text, binding);
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement) || (statement.declarationList.flags & ts.NodeFlags.Const) === 0) continue;
    for (const declaration of statement.declarationList.declarations) {
      if (ts.isIdentifier(declaration.name)) declarations.set(declaration.name.text, declaration);
      else if (ts.isObjectBindingPattern(declaration.name))
        for (const element of declaration.name.elements)
          if (ts.isIdentifier(element.name) && element.dotDotDotToken === undefined && element.initializer === undefined)
            declarations.set(element.name.text, element);
    }
  }

  /** A name is forgotten while it is being followed, which ends circles. */
  function ofName(name: string): Reference | null {
    const declaration = declarations.get(name);
    if (declaration === undefined) return null;
    declarations.delete(name);
    const found = ofDeclaration(declaration);
    declarations.set(name, declaration);
    return found;
  }

  function ofDeclaration(declaration: ts.Node): Reference | null {
    if (ts.isVariableDeclaration(declaration)) return ofExpression(declaration.initializer);
    if (!ts.isBindingElement(declaration)) return referenceOfImport(ts, declaration) ?? null;
    const from = ofExpression((declaration.parent.parent as ts.VariableDeclaration).initializer);
    const { name, propertyName = name } = declaration;
    return ts.isIdentifier(propertyName) ? member(from, propertyName.text) : null;
  }

  function ofExpression(expression: ts.Expression | undefined): Reference | null {
    if (expression === undefined) return null;
    const inner = unwrapped(ts, expression);
    if (ts.isIdentifier(inner)) return ofName(inner.text);
    if (ts.isPropertyAccessExpression(inner)) return member(ofExpression(inner.expression), inner.name.text);
    const specifier = requiredSpecifier(ts, inner);
    return specifier === undefined ? null : { specifier, path: [] };
  }

  return (of) => (typeof of === 'string' ? ofName(of) : ofExpression(of));
}

function member(from: Reference | null, name: string): Reference | null {
  return from === null ? null : { specifier: from.specifier, path: [...from.path, name] };
}

/** The names that an exported declaration declares. */
function declaredBy(ts: Compiler, statement: ts.Statement): string[] {
  if (!ts.isVariableStatement(statement)) {
    const { name } = statement as { name?: ts.Node };
    return name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
  }
  return statement.declarationList.declarations.flatMap(({ name }) => boundNames(ts, name));
}
