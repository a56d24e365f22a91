// Exports that nothing reads: a name that one file exports must be used by another. Entry points are left out,
// because their readers are users.

import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PROJECT, projectFiles } from './sources.js';

/** Exports of package.json, the files that Vite reads, and the hooks that Node calls. */
const ENTRY_POINTS =
  /^runtime\/(?:index|emitted|browser\/(?:index|emitted)|(?:admin|control|logs|nest)\/index|instrumentations\/hooks)\.m?ts$|^transformer\/(?:index|auto|loader|register|unplugin\/\w+|hosts\/register-hooks)\.ts$|^viewer\/(?:receiver\/index|commands)\.ts$|vite\.config\.mts$/;

/** Types that the compiler names in declarations which it infers (TS4023). */
const IN_DECLARATIONS = ['transformer/hosts/unplugin.ts SpanwrightPluginOptions'];

interface Module {
  readonly exports: readonly string[];
  /** Names read of other files, as `file name`; the file without its extension. `file *` stands for all of them. */
  readonly reads: readonly string[];
}

const stemOf = (path: string): string => path.replace(/\.[cm]?[jt]sx?$/, '');

function moduleOf(path: string, source: string): Module {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const reads: string[] = [];
  const read = (specifier: ts.Node | undefined, names: Iterable<string>): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier) || !specifier.text.startsWith('.')) return;
    const target = stemOf(posix.join(posix.dirname(path), specifier.text));
    for (const name of names) reads.push(`${target} ${name}`);
  };
  const namesOf = (bindings: ts.NamedImportBindings | ts.NamedExportBindings | undefined): string[] =>
    bindings !== undefined && 'elements' in bindings
      ? bindings.elements.map(({ propertyName, name }) => (propertyName ?? name).text)
      : ['*'];
  /** Modules that are loaded while the program runs are read by names anywhere in the file. */
  const words = (): Set<string> => new Set(source.match(/[\w$]+/g));
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) read(node.moduleSpecifier, namesOf(node.importClause?.namedBindings));
    else if (ts.isExportDeclaration(node)) read(node.moduleSpecifier, namesOf(node.exportClause));
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) read(node.argument.literal, words());
    else if (ts.isCallExpression(node) && /^(?:import|require|.*\.resolve)$/.test(node.expression.getText()))
      read(node.arguments[0], words());
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { exports: file.statements.flatMap(exportedNames), reads };
}

function exportedNames(statement: ts.Statement): string[] {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  if (!modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
  if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) return [];
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.flatMap(({ name }) => boundNames(name));
  return [(statement as ts.DeclarationStatement).name?.getText() ?? ''];
}

function boundNames(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? boundNames(element.name) : []));
}

/** @param owners files whose exports are looked at; the others only read */
function unread(sources: ReadonlyMap<string, string>, owners: (path: string) => boolean): string[] {
  const modules = [...sources].map(([path, source]) => [path, moduleOf(path, source)] as const);
  const reads = new Set(modules.flatMap(([, module]) => module.reads));
  return modules
    .filter(([path]) => owners(path) && !reads.has(`${stemOf(path)} *`))
    .flatMap(([path, { exports }]) =>
      exports.filter((name) => !reads.has(`${stemOf(path)} ${name}`)).map((name) => `${path} ${name}`),
    );
}

test('every export that is no entry point is read by another file or by declarations', () => {
  const paths = projectFiles().filter((path) => /^(?:runtime|transformer|cli|viewer|test|bench|\.ci)\/.*\.m?tsx?$/.test(path));
  const sources = new Map(paths.map((path) => [path, readFileSync(join(PROJECT, path), 'utf8')]));
  const owners = (path: string) => !/^(?:test|bench|\.ci)\//.test(path) && !ENTRY_POINTS.test(path);
  assert.ok(paths.filter(owners).length > 300);
  assert.equal(unread(sources, owners), IN_DECLARATIONS);
});

test('finds functions, constants and types without a reader, and accepts every way to read one', () => {
  const exported = 'export function f() {} export const { a: c } = o; export interface I {} export type T = 1;';
  const all = (reader: string) =>
    unread(
      new Map([
        ['x/a.ts', exported],
        ['x/b.ts', reader],
      ]),
      () => true,
    );
  assert.equal(all(''), ['x/a.ts f', 'x/a.ts c', 'x/a.ts I', 'x/a.ts T']);
  assert.equal(all("import { f as g, type I } from './a.js';"), ['x/a.ts c', 'x/a.ts T']);
  for (const reader of [
    "import { f, c, type I, type T } from './a.js';",
    "import * as a from './a.js';",
    "export * from './a.js';",
    "export { f, c, I, T } from '../x/a.js';",
    "const { f, c } = await import('./a.js'); type I = import('./a.js').I; type T = 1;",
  ])
    assert.equal(all(reader), [], reader);
});

test.run();
