// Writes docs/api.txt, the declarations of every public entry without comments: `npx tsx docs/write-api.ts`. With --check it only
// compares, so that a change of the public interface is seen and reviewed (`npm run check`). API Extractor does not read these
// declarations: it stops at `Request` of @types/node, and prints nothing of `export =`.

import { readFileSync, writeFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '..');
const FILE = join(__dirname, 'api.txt');

const { exports: published } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { default: string }>;
};
/** Source files of the entries, relative to the project. */
const ENTRIES = Object.entries(published)
  .filter(([entry]) => entry !== './package.json')
  .map(([entry, file]) => {
    const built = typeof file === 'string' ? file : file.default;
    return [`spanwright${entry.slice(1)}`, built.replace('./dist/', '').replace(/\.js$/, '.ts')] as const;
  });

/** Declaration files that the compiler writes for the entries and what they import, by path without extension. */
function declarations(): Map<string, ts.SourceFile> {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.build.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const paths = ENTRIES.map(([, path]) => join(ROOT, path));
  const program = ts.createProgram(paths, {
    ...options,
    emitDeclarationOnly: true,
    noCheck: true, // as the build; types are checked by tsc beside this
    declarationMap: false,
    incremental: false,
    removeComments: true,
    outDir: join(ROOT, 'dist'),
    rootDir: ROOT,
  });
  const written = new Map<string, ts.SourceFile>();
  program.emit(undefined, (path, text) => {
    const name = relative(join(ROOT, 'dist'), path)
      .replaceAll('\\', '/')
      .replace(/\.d\.ts$/, '');
    written.set(name, ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  });
  return written;
}

/** A declaration by its file and name. */
interface Named {
  readonly file: string;
  readonly name: string;
}

class Report {
  readonly #files = declarations();
  /** Keys of what is printed: a declaration appears at the first entry that needs it. */
  readonly #printed = new Set<string>();

  print(): string {
    return ENTRIES.map(([entry, path]) => this.#printEntry(entry, path.replace(/\.ts$/, ''))).join('\n');
  }

  /** The exported declarations of an entry, and those that they name. */
  #printEntry(entry: string, path: string): string {
    const exported = this.#exportsOf(path);
    const open = exported.map(([, named]) => named);
    const texts = new Map<string, string>();
    for (let named = open.pop(); named !== undefined; named = open.pop()) {
      const key = `${named.name} ${named.file}`;
      if (this.#printed.has(key)) continue;
      this.#printed.add(key);
      const found = this.#statements(named);
      texts.set(key, found.map((one) => one.getText().replace(/^export (default )?/, '')).join('\n'));
      for (const statement of found) open.push(...this.#references(named.file, statement));
    }
    const names = exported.map(([name, { name: own }]) => (name === own ? name : `${own} as ${name}`)).sort();
    const printed = [...texts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
    return [`## ${entry}`, '', `export { ${names.join(', ')} }`, '', ...printed, ''].join('\n');
  }

  #file(path: string): ts.SourceFile {
    const file = this.#files.get(path);
    if (file === undefined) throw new Error(`no declarations of ${path}`);
    return file;
  }

  /** Exported names, each with the declaration that it stands for. */
  #exportsOf(path: string): [string, Named][] {
    return this.#file(path).statements.flatMap((statement): [string, Named][] => {
      if (ts.isExportAssignment(statement)) return [['=', { file: path, name: statement.expression.getText() }]];
      if (ts.isExportDeclaration(statement)) {
        const clause = statement.exportClause;
        if (clause === undefined || !ts.isNamedExports(clause)) return [];
        return clause.elements.map(({ name, propertyName }) => [
          name.text,
          this.#resolved(path, (propertyName ?? name).text, statement.moduleSpecifier),
        ]);
      }
      return statement.getText().startsWith('export ') ? namesOf(statement).map((name) => [name, { file: path, name }]) : [];
    });
  }

  /** Follows re-exports to the file that declares a name. */
  #resolved(path: string, name: string, specifier: ts.Expression | undefined): Named {
    if (specifier === undefined || !ts.isStringLiteral(specifier) || !specifier.text.startsWith('.')) return { file: path, name };
    const file = posix.join(posix.dirname(path), specifier.text.replace(/\.js$/, ''));
    return this.#exportsOf(file).find(([exported]) => exported === name)?.[1] ?? { file, name };
  }

  #statements({ file, name }: Named): ts.Statement[] {
    return this.#file(file).statements.filter((statement) => namesOf(statement).includes(name));
  }

  /** Declarations of the project that a statement names. */
  #references(path: string, statement: ts.Statement): Named[] {
    const found: Named[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isIdentifier(node)) found.push(...this.#named(path, node.text));
      if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && node.qualifier !== undefined)
        found.push(this.#resolved(path, node.qualifier.getText(), node.argument.literal as ts.StringLiteral));
      ts.forEachChild(node, visit);
    };
    visit(statement);
    return found.filter((one) => this.#statements(one).length > 0);
  }

  /** Declaration that a name stands for in a file: one of its own, or one that it imports. */
  #named(path: string, name: string): Named[] {
    if (this.#statements({ file: path, name }).length > 0) return [{ file: path, name }];
    return this.#file(path).statements.flatMap((statement) => {
      if (!ts.isImportDeclaration(statement)) return [];
      const bindings = statement.importClause?.namedBindings;
      if (bindings === undefined || !ts.isNamedImports(bindings)) return [];
      const element = bindings.elements.find((one) => one.name.text === name);
      const resolved = element && this.#resolved(path, (element.propertyName ?? element.name).text, statement.moduleSpecifier);
      return resolved === undefined || resolved.file === path ? [] : [resolved];
    });
  }
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.getText());
  const { name } = statement as { name?: ts.Node };
  return name === undefined ? [] : [name.getText()];
}

const HEAD = `Declarations of every public entry, written by docs/write-api.ts. A declaration is under the first entry that needs it.
A change here is a change of the public interface, see VERSIONING.md.
`;
const report = `${HEAD}\n${new Report().print()}`;
if (!process.argv.includes('--check')) writeFileSync(FILE, report);
else if (readFileSync(FILE, 'utf8') !== report) {
  console.error('The public interface has changed. Review the difference after: npx tsx docs/write-api.ts');
  process.exitCode = 1;
}
