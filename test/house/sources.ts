// The project's own files as git sees them, and the import declarations of a TypeScript file as the compiler parses them.
// Read by the house tests, which hold the layout.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';

export const PROJECT = join(__dirname, '../..');

/** Tracked files and new ones that are not ignored, with forward slashes; those deleted in the working tree left out. */
export function projectFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: PROJECT,
    encoding: 'utf8',
  });
  const files = [...new Set(listed.split('\0'))].filter((path) => path !== '' && existsSync(join(PROJECT, path)));
  if (files.length === 0) throw new Error('git lists no files of the project');
  return files.sort();
}

export interface Import {
  /** As written, for example `../site/site.js` or `@opentelemetry/api`. */
  readonly specifier: string;
  /** For a relative import, the file it means: relative to the project, ending in `.ts`. Undefined for packages. */
  readonly target: string | undefined;
  /** Erased by the compiler: `import type`, `export type`, `typeof import()`, or only `type` names. */
  readonly typeOnly: boolean;
  /** Runs when the module is loaded, in contrast to `import()` and `require()` within a function. */
  readonly atLoad: boolean;
  readonly line: number;
}

/** Every way in which one module names another: import, export from, `import()`, `require()`, `import =`, import types. */
export function importsOf(path: string, source: string): Import[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean, atLoad: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const text = specifier.text;
    const target = text.startsWith('.') ? posix.join(posix.dirname(path), text).replace(/\.js$/, '.ts') : undefined;
    found.push({ specifier: text, target, typeOnly, atLoad, line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1 });
  };
  const visit = (node: ts.Node, inFunction: boolean): void => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, onlyTypes(node), true);
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly, true);
    else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node, node.moduleReference.expression, node.isTypeOnly, true);
    } else if (ts.isImportTypeNode(node)) {
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true, true);
    } else if (ts.isCallExpression(node) && loads(node.expression)) add(node, node.arguments[0], false, !inFunction);
    ts.forEachChild(node, (child) => visit(child, inFunction || ts.isFunctionLike(node)));
  };
  visit(file, false);
  return found;
}

function onlyTypes(node: ts.ImportDeclaration): boolean {
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const named = clause.namedBindings;
  if (clause.name !== undefined || named === undefined || !ts.isNamedImports(named)) return false;
  return named.elements.length > 0 && named.elements.every((element) => element.isTypeOnly);
}

/** `import(...)`, `require(...)`, `require.resolve(...)` and the `require` of `createRequire`, on any object. */
function loads(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (ts.isIdentifier(callee)) return callee.text === 'require';
  return ts.isPropertyAccessExpression(callee) && callee.name.text === 'resolve' && loads(callee.expression);
}
