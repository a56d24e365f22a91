// Code blocks of the README and docs/: TypeScript and JavaScript type-check against the package, JSON parses, each key and value of TOML
// is one that the configuration accepts, and each `spanwright` command is one that the program accepts. A name that a block leaves out is Spanwright's export of that name, else of any type.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseCommandLine } from '../../cli/parse.js';
import type { KeyRow } from '../../runtime/config/key-row.js';
import { KEYS } from '../../runtime/config/keys.js';
import { OPTIONS, ROOT } from '../types/check.js';
import { blocksOf, moduleOf, PAGES } from './pages.js';

const BLOCKS = PAGES.filter((page) => page !== 'CONTRIBUTING.md').flatMap(blocksOf);
const of = (...languages: string[]) => BLOCKS.filter(({ language }) => languages.includes(language));

/** Files beside the modules, parsed once for all programs. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** Errors of each module, by one program for all. */
function errorsOf(modules: ReadonlyMap<string, string>): Map<string, readonly ts.Diagnostic[]> {
  const options: ts.CompilerOptions = {
    ...OPTIONS,
    lib: ['lib.es2023.d.ts', 'lib.esnext.decorators.d.ts', 'lib.esnext.disposable.d.ts'],
    experimentalDecorators: true,
    noImplicitAny: false,
    allowJs: true,
    checkJs: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    moduleDetection: ts.ModuleDetectionKind.Force,
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    paths: {
      spanwright: [join(ROOT, 'runtime/index.ts')],
      'spanwright/admin': [join(ROOT, 'runtime/admin/index.ts')],
      'spanwright/control': [join(ROOT, 'runtime/control/index.ts')],
      'spanwright/hooks': [join(ROOT, 'runtime/instrumentations/hooks.ts')],
      'spanwright/logs': [join(ROOT, 'runtime/logs/index.ts')],
      'spanwright/nest': [join(ROOT, 'runtime/nest/index.ts')],
      'spanwright/unplugin/*': [join(ROOT, 'transformer/unplugin/*.ts')],
      '@spanwright/viewer': [join(ROOT, 'viewer/receiver/index.ts')],
    },
  };
  const host = ts.createCompilerHost(options, true);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => modules.has(name) || fileExists(name);
  host.readFile = (name) => modules.get(name) ?? readFile(name);
  host.getSourceFile = (name, version, ...rest) => {
    const text = modules.get(name);
    if (text !== undefined) return ts.createSourceFile(name, text, version, true);
    if (!parsed.has(name)) parsed.set(name, getSourceFile(name, version, ...rest));
    return parsed.get(name);
  };
  const program = ts.createProgram([...modules.keys()], options, host);
  const found = [...modules.keys()].map((name) => {
    const file = program.getSourceFile(name) as ts.SourceFile;
    const errors: readonly ts.Diagnostic[] = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return [name, errors] as const;
  });
  return new Map(found);
}

const EXPORTED = new Set(
  [
    ...readFileSync(join(ROOT, 'docs/api.txt'), 'utf8').matchAll(/^## (spanwright|spanwright\/nest)\n\nexport \{ (.*) \}$/gm),
  ].flatMap(([, , names = '']) => names.split(', ')),
);
const CANNOT_FIND = /^(?:Cannot find name|No value exists in scope for the shorthand property) '(\w+)'/;
/** An argument of a missing function is looked at once the function is declared. */
const PASSES = 3;
/** Modules that a block imports from the reader's own project. */
const OWN_MODULE = /^Cannot find module '\.\/[\w.]+'/;

function declared(name: string): string {
  if (name === 'tracing') return "import type { Tracing as OfTracing } from 'spanwright'; declare const tracing: OfTracing;";
  if (name === 'SPANWRIGHT' || name === 'SpanwrightModule') return `import { ${name} } from 'spanwright/nest';`;
  return EXPORTED.has(name) ? `import { ${name} } from 'spanwright';` : `declare const ${name}: any; type ${name} = any;`;
}

test('every TypeScript and JavaScript block type-checks', () => {
  const blocks = of('ts', 'js');
  assert.ok(blocks.length > 25, `${blocks.length} blocks`);
  const names = blocks.map(({ language }, index) =>
    join(ROOT, 'test/docs', `block-${index}.${language === 'js' ? 'mts' : 'ts'}`),
  );
  const modules = new Map(
    blocks.map(({ code }, index) => [
      names[index] as string,
      moduleOf(code.replaceAll('{ ... }', '{ return undefined as any; }')),
    ]),
  );
  let errorsByName = errorsOf(modules);
  for (let pass = 1; pass < PASSES; pass += 1) {
    for (const [name, errors] of errorsByName) {
      const texts = errors.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
      const missing = new Set(texts.flatMap((text) => CANNOT_FIND.exec(text)?.[1] ?? []));
      if (missing.size > 0) modules.set(name, `${[...missing].map(declared).join(' ')}\n${modules.get(name)}`);
    }
    errorsByName = errorsOf(modules);
  }
  const wrong = [...errorsByName].flatMap(([name, errors]) =>
    errors
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
      .filter((text) => !OWN_MODULE.test(text))
      .map((text) => `${blocks[names.indexOf(name)]?.place}: ${text}`),
  );
  assert.equal(wrong, []);
});

test('every JSON block parses', () => {
  const blocks = of('json');
  assert.ok(blocks.length > 4);
  for (const { place, code } of blocks)
    assert.not.throws(() => JSON.parse(code.startsWith('"') ? `{${code}}` : code), undefined, place);
});

test('every key and value of a TOML block is accepted', async () => {
  const { parse } = await import('smol-toml');
  const blocks = of('toml');
  assert.ok(blocks.length > 3);
  const rows: readonly KeyRow[] = KEYS;
  for (const { place, code } of blocks) {
    // a block may show two ways to write one key
    const parts = code.split(/^# or.*$/m);
    for (const part of parts) {
      const { tracing = {} } = parse(part) as { tracing?: Record<string, unknown> };
      assert.ok(Object.keys(tracing).length > 0, `${place} configures nothing`);
      for (const [key, value] of Object.entries(tracing)) {
        const row = rows.find((one) => one.key === key);
        assert.ok(row, `${place}: unknown key ${key}`);
        assert.ok('value' in row.type.read(value, 'file'), `${place}: ${key}: ${JSON.stringify(row.type.read(value, 'file'))}`);
      }
    }
  }
});

/** Words of a command line, without its comment and without what follows it. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, bare]) => ({
    text: single ?? double ?? bare ?? '',
    bare,
  }));
  const end = words.findIndex(({ bare }) => bare !== undefined && /^(#|>|\||&&|;)/.test(bare));
  return (end < 0 ? words : words.slice(0, end)).map(({ text }) => text);
}

test('every spanwright command of a shell block is accepted', () => {
  const lines = of('sh').flatMap(({ place, code }) =>
    [...code.matchAll(/^(?:\$ |.* \| |.* && )?(?:npx )?spanwright (.+)$/gm)].map(([, line = '']) => ({ place, line })),
  );
  assert.ok(lines.length > 30, `${lines.length} commands`);
  for (const { place, line } of lines) {
    const { command } = parseCommandLine(wordsOf(line));
    assert.ok(command, `${place}: ${line}`);
  }
});

test.run();
