// Recognition with the type checker: an expression is `instrument` when its symbol leads, through any aliases, to the
// declaration of that name in this package. Where the checker could not resolve an import, the text of the import decides.

import type ts from 'typescript';
import type { Compiler } from '../core/compiler.js';
import {
  EXPORTS,
  importBindings,
  loadsPackage,
  type Meaning,
  meaningOf,
  meaningOfConstant,
  meaningOfImport,
  PACKAGE,
  type Recognition,
} from '../core/recognition.js';
import type { Packages } from './packages.js';

export function recognitionByChecker(ts: Compiler, checker: ts.TypeChecker, packages: Packages): Recognition {
  /** Meanings by symbol; a symbol whose meaning is being found counts as none, which ends circles. */
  const meanings = new Map<ts.Symbol, Meaning>();

  function meaningOfSymbol(symbol: ts.Symbol | undefined): Meaning {
    if (symbol === undefined) return undefined;
    if (meanings.has(symbol)) return meanings.get(symbol);
    meanings.set(symbol, undefined);
    const found = (symbol.flags & ts.SymbolFlags.Alias) === 0 ? meaningOfDeclared(symbol) : meaningOfAlias(symbol);
    meanings.set(symbol, found);
    return found;
  }

  function meaningOfAlias(symbol: ts.Symbol): Meaning {
    const target = checker.getAliasedSymbol(symbol);
    // An import that was not resolved leads to a symbol without declarations.
    if (target.declarations === undefined || target.declarations.length === 0) {
      const declaration = symbol.declarations?.[0];
      return declaration === undefined ? undefined : meaningOfImport(ts, declaration);
    }
    return meaningOfSymbol(target);
  }

  function meaningOfDeclared(symbol: ts.Symbol): Meaning {
    if (EXPORTS.has(symbol.name) && symbol.declarations?.some(isOurs)) return EXPORTS.get(symbol.name);
    if ((symbol.flags & ts.SymbolFlags.ValueModule) !== 0)
      return symbol.declarations?.some(isModuleOfOurs) ? 'module' : undefined;
    const declaration = symbol.valueDeclaration;
    return declaration === undefined ? undefined : meaningOfConstant(ts, declaration, meaning);
  }

  function isOurs(declaration: ts.Declaration): boolean {
    const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    const container = statement.parent;
    if (container === undefined || !(ts.isSourceFile(container) || ts.isModuleBlock(container))) return false;
    return isOfPackage(container);
  }

  function isModuleOfOurs(declaration: ts.Declaration): boolean {
    if (ts.isSourceFile(declaration)) return isOfPackage(declaration);
    return ts.isModuleDeclaration(declaration) && isAmbientPackage(declaration);
  }

  function isOfPackage(container: ts.Node): boolean {
    if (ts.isModuleBlock(container)) return ts.isModuleDeclaration(container.parent) && isAmbientPackage(container.parent);
    const { fileName } = container.getSourceFile();
    return packages.nameFor(fileName.replace(/[\\/][^\\/]*$/, '')) === PACKAGE;
  }

  /** `declare module 'spanwright'`, as people write for packages without types. */
  function isAmbientPackage({ name }: ts.ModuleDeclaration): boolean {
    return ts.isStringLiteral(name) && (name.text === PACKAGE || name.text.startsWith(`${PACKAGE}/`));
  }

  function member(access: ts.PropertyAccessExpression): Meaning {
    return meaningOfSymbol(checker.getSymbolAtLocation(access.name));
  }

  function meaning(expression: ts.Expression): Meaning {
    return meaningOf(ts, expression, { identifier: (node) => meaningOfSymbol(checker.getSymbolAtLocation(node)), member });
  }

  /** Modules that lead to `instrument` under any name, for `import * as tracing from './tracing'`. */
  const leading = new Map<ts.Symbol, boolean>();

  function leads(symbol: ts.Symbol | undefined): boolean {
    if (symbol === undefined) return false;
    if (meaningOfSymbol(symbol) !== undefined) return true;
    const target = (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
    if ((target.flags & ts.SymbolFlags.ValueModule) === 0) return false;
    let known = leading.get(target);
    if (known === undefined) {
      leading.set(target, false);
      known = checker.getExportsOfModule(target).some((exported) => meaningOfSymbol(exported) !== undefined);
      leading.set(target, known);
    }
    return known;
  }

  /** Called twice in a row for each file. */
  const names = new WeakMap<ts.SourceFile, string[]>();

  function namesOf(file: ts.SourceFile): string[] {
    let known = names.get(file);
    if (known === undefined) {
      known = importBindings(ts, file).flatMap(({ name }) =>
        name !== undefined && leads(checker.getSymbolAtLocation(name)) ? [name.text] : [],
      );
      names.set(file, known);
    }
    return known;
  }

  /** The implementation, where a function is declared with overloads. */
  function declaration(identifier: ts.Identifier): ts.Node | undefined {
    const found = checker.getSymbolAtLocation(identifier)?.declarations ?? [];
    const one = found.find((candidate) => (candidate as { body?: ts.Node }).body !== undefined) ?? found[0];
    return one?.getSourceFile() === identifier.getSourceFile() ? one : undefined;
  }

  return {
    meaning,
    declaration,
    reaches: (file) => loadsPackage(file.text) || namesOf(file).length > 0,
    names: (file) => (loadsPackage(file.text) ? undefined : namesOf(file)),
  };
}
