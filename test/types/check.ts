// Type-checks snippets that import this package, under legacy and under TC39 decorators, and compares the lines that the compiler
// complains of with those that say `// error`.

import { join } from 'node:path';
import ts from 'typescript';

export interface Snippet {
  /** Title of the snippet, as a sentence. */
  readonly says: string;
  readonly code: string;
  /** The kinds of decorators it is about; default both. */
  readonly only?: 'legacy' | 'TC39';
}

export interface Complaint {
  readonly line: number;
  /** The source text that the compiler underlines. */
  readonly at: string;
  readonly message: string;
}

export const ROOT = join(__dirname, '..', '..');
const PRELUDE =
  "import { instrument, record, startSpan, type InstrumentOptions } from 'spanwright';\nvoid [instrument, record, startSpan];\n";

export const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.decorators.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  noEmit: true,
  types: ['node'],
  paths: { spanwright: [join(ROOT, 'runtime', 'index.ts')] },
};

/** Files that are no snippet, parsed once: no option that differs between programs is of their syntax. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** Errors of the compiler in each snippet, in their order. One program for all. */
export function complaintsOf(snippets: readonly Snippet[], legacy: boolean): Complaint[][] {
  const names = snippets.map((_, index) => join(ROOT, 'test', 'types', `snippet-${index}.ts`));
  const texts = new Map(snippets.map(({ code }, index) => [names[index] as string, PRELUDE + code]));
  const options = { ...OPTIONS, experimentalDecorators: legacy };
  const host = ts.createCompilerHost(options, true);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => texts.has(name) || fileExists(name);
  host.readFile = (name) => texts.get(name) ?? readFile(name);
  host.getSourceFile = (name, languageVersion, ...rest) => {
    const text = texts.get(name);
    if (text !== undefined) return ts.createSourceFile(name, text, languageVersion, true);
    if (!parsed.has(name)) parsed.set(name, getSourceFile(name, languageVersion, ...rest));
    return parsed.get(name);
  };
  const program = ts.createProgram(names, options, host);
  return names.map((name) => {
    const file = program.getSourceFile(name) as ts.SourceFile;
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ start = 0, length = 0, messageText }) => ({
        line: file.getLineAndCharacterOfPosition(start).line,
        at: file.text.slice(start, start + length),
        message: ts.flattenDiagnosticMessageText(messageText, '\n'),
      }),
    );
  });
}

/** Numbers of the lines of a snippet that say `// error`. */
export function expectedLines({ code }: Snippet): number[] {
  return (PRELUDE + code).split('\n').flatMap((text, line) => (text.includes('// error') ? [line] : []));
}
