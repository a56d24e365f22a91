// The transformer over much code that was not written for it: in auto mode, every TypeScript file of this project, in both kinds of
// decorators. It never faults, and what is emitted parses.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import spanwright, { DIAGNOSTICS } from '../../transformer/index.js';
import { projectFiles } from '../house/sources.js';
import { ROOT } from './compile.js';

/** Golden cases of misuse are wrong on purpose. */
const FILES = projectFiles().filter(
  (path) => /^(runtime|transformer|cli|samples|bench|test)\/.*\.ts$/.test(path) && !/\.d\.ts$|^test\/golden\//.test(path),
);

for (const experimentalDecorators of [true, false]) {
  test(`no file of this project makes it fail: ${experimentalDecorators ? 'legacy, ES2017' : 'TC39, ESNext'}`, () => {
    assert.ok(FILES.length > 100);
    let sites = 0;
    for (const path of FILES) {
      const { outputText, codes } = transformed(readFileSync(join(ROOT, path), 'utf8'), experimentalDecorators);
      assert.not.ok(codes.includes(DIAGNOSTICS['internal-fault'].code), path);
      const parsed = ts.transpileModule(outputText, {
        fileName: 'emitted.js',
        reportDiagnostics: true,
        compilerOptions: { allowJs: true, target: ts.ScriptTarget.ESNext },
      });
      assert.equal(
        parsed.diagnostics?.map(({ messageText }) => messageText),
        [],
        path,
      );
      sites += outputText.match(/\bshape: '/g)?.length ?? 0;
    }
    assert.ok(sites > 1000, `${sites} sites`);
  });
}

function transformed(text: string, experimentalDecorators: boolean): { outputText: string; codes: number[] } {
  const codes: number[] = [];
  const factory = spanwright(undefined, { auto: [{ files: '**' }] }, { ts, addDiagnostic: ({ code }) => codes.push(code) });
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: {
      target: experimentalDecorators ? ts.ScriptTarget.ES2017 : ts.ScriptTarget.ESNext,
      module: experimentalDecorators ? ts.ModuleKind.CommonJS : ts.ModuleKind.ESNext,
      experimentalDecorators,
    },
    transformers: { before: [factory] },
  });
  return { outputText, codes };
}

test.run();
