// The transformer over much code that was not written for it: in auto mode, every TypeScript file of this project, in both kinds of
// decorators. It never faults, and what is emitted parses. A folder that passed is kept until a file of it or the transformer changes.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DIAGNOSTICS } from '../../transformer/diagnostics.js';
import spanwright from '../../transformer/index.js';
import { projectFiles } from '../house/sources.js';
import { digestOf, keep } from '../kept.js';
import { ROOT } from './compile.js';
import { sitesIn } from './sites.js';

/** Golden cases of misuse are wrong on purpose. */
const FILES = projectFiles().filter(
  (path) => /^(runtime|transformer|cli|samples|bench|test)\/.*\.ts$/.test(path) && !/\.d\.ts$|^test\/golden\//.test(path),
);

/** Everything beside a file that decides what becomes of it. */
const BY = ['transformer', 'runtime', __filename.slice(ROOT.length + 1), 'test/transformer/sites.ts', 'package.json'];
const INSTALLED = 'node_modules/.package-lock.json';

for (const experimentalDecorators of [true, false]) {
  const title = experimentalDecorators ? 'legacy, ES2017' : 'TC39, ESNext';
  test(`no file of this project makes the transformer fail: ${title}`, async () => {
    assert.ok(FILES.length > 100);
    const by = [process.version, title, digestOf(ROOT, [...BY, INSTALLED])];
    const folders = new Map<string, string[]>();
    for (const path of FILES) folders.set(dirname(path), [...(folders.get(dirname(path)) ?? []), path]);
    let sites = 0;
    for (const paths of folders.values()) {
      const kept = await keep(['robust', ...by, digestOf(ROOT, paths)].join('\0'), (folder) => {
        const found = paths.map((path) => sitesOf(path, experimentalDecorators));
        writeFileSync(join(folder, SITES), String(found.reduce((sum, count) => sum + count)));
      });
      sites += Number(readFileSync(join(kept, SITES), 'utf8'));
    }
    assert.ok(sites > 300, `${sites} sites`);
  });
}

const SITES = 'sites';

/** Number of sites in a file that passes. */
function sitesOf(path: string, experimentalDecorators: boolean): number {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const { outputText, codes } = transformed(text, experimentalDecorators, true);
  assert.not.ok(codes.includes(DIAGNOSTICS['internal-fault'].code), path);
  // Code that does not parse without the plugin, such as a legacy decorator where the language has none, may not parse with it.
  const complaints = complaintsOf(outputText);
  if (complaints.length > 0)
    assert.equal(complaints, complaintsOf(transformed(text, experimentalDecorators, false).outputText), path);
  return sitesIn(outputText);
}

/** Syntax diagnostics of the compiler for a text, which is not emitted again. */
function complaintsOf(text: string): unknown[] {
  const file = ts.createSourceFile('emitted.js', text, ts.ScriptTarget.ESNext);
  const host: ts.CompilerHost = {
    getSourceFile: (name) => (name === file.fileName ? file : undefined),
    getDefaultLibFileName: () => 'lib.d.ts',
    getCurrentDirectory: () => '',
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    fileExists: (name) => name === file.fileName,
    readFile: () => undefined,
    writeFile: () => undefined,
  };
  const options = { allowJs: true, target: ts.ScriptTarget.ESNext, noLib: true, noResolve: true, types: [] };
  const program = ts.createProgram({ rootNames: [file.fileName], options, host });
  return program.getSyntacticDiagnostics(file).map(({ messageText }) => messageText);
}

function transformed(text: string, experimentalDecorators: boolean, plugin: boolean): { outputText: string; codes: number[] } {
  const codes: number[] = [];
  const factory = spanwright(undefined, { auto: [{ files: '**' }] }, { ts, addDiagnostic: ({ code }) => codes.push(code) });
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: {
      target: experimentalDecorators ? ts.ScriptTarget.ES2017 : ts.ScriptTarget.ESNext,
      module: experimentalDecorators ? ts.ModuleKind.CommonJS : ts.ModuleKind.ESNext,
      experimentalDecorators,
    },
    transformers: { before: plugin ? [factory] : [] },
  });
  return { outputText, codes };
}

test.run();
