// Documentation in an editor, as TypeScript's language service answers it: of every export of every public entry, and of every
// option that a completion offers.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { KEYS } from '../../runtime/config/keys.js';
import { OPTION_NAMES } from '../../runtime/instrument/options.js';
import { OPTIONS, ROOT } from './check.js';

/** Imported for what they do; they export nothing. */
const EFFECTS = ['./auto', './hooks', './register'];
/** Compiled code imports it; it is not for people. */
const EMITTED = './emitted';

const { exports: published } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { default: string }>;
};
const ENTRIES = new Map(
  Object.entries(published)
    .filter(([entry]) => ![...EFFECTS, EMITTED, './package.json'].includes(entry))
    .map(([entry, file]) => {
      const built = typeof file === 'string' ? file : file.default;
      return [`spanwright${entry.slice(1)}`, join(ROOT, built.replace('./dist/', '').replace(/\.js$/, '.ts'))];
    }),
);

const FILE = join(ROOT, 'test/types/hovered.ts');
const CURSOR = '/**/';
let text = '';
let version = 0;
const service = ts.createLanguageService({
  getCompilationSettings: () => ({
    ...OPTIONS,
    experimentalDecorators: true,
    paths: Object.fromEntries([...ENTRIES].map(([name, path]) => [name, [path]])),
  }),
  getScriptFileNames: () => [FILE],
  getScriptVersion: (name) => (name === FILE ? String(version) : '0'),
  getScriptSnapshot: (name) => {
    const content = name === FILE ? text : ts.sys.readFile(name);
    return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
  },
  getCurrentDirectory: () => ROOT,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: (name) => name === FILE || ts.sys.fileExists(name),
  readFile: ts.sys.readFile,
  readDirectory: ts.sys.readDirectory,
});

function edit(content: string): ts.Program {
  text = content;
  version += 1;
  return service.getProgram() as ts.Program;
}

/** Names that an entry exports; `export =` is one without a name. */
function exportsOf(program: ts.Program, path: string): string[] {
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(path) as ts.SourceFile);
  return checker.getExportsOfModule(module as ts.Symbol).map(({ name }) => name);
}

interface Shown {
  readonly name: string;
  readonly documentation: string;
  readonly example: boolean;
}

const shown = (name: string, info: ts.QuickInfo | ts.CompletionEntryDetails | undefined): Shown => ({
  name,
  documentation: ts.displayPartsToString(info?.documentation),
  example: info?.tags?.some((tag) => tag.name === 'example') ?? false,
});

/** Properties that a completion offers at the cursor of a program. */
function offered(program: string): Shown[] {
  edit(program);
  const at = text.indexOf(CURSOR);
  const { entries = [] } = service.getCompletionsAtPosition(FILE, at, {}) ?? {};
  return entries
    .filter(({ kind }) => kind === 'property' || kind === 'method')
    .map(({ name }) => shown(name, service.getCompletionEntryDetails(FILE, at, name, {}, undefined, {}, undefined)));
}

const undocumented = (all: readonly Shown[]): string[] => all.filter((one) => one.documentation === '').map(({ name }) => name);
const sorted = (names: readonly string[]): string[] => [...names].sort();

const found = new Map<string, string[]>();
test.before(() => {
  const program = edit([...ENTRIES.keys()].map((name) => `import '${name}';`).join('\n'));
  for (const [name, path] of ENTRIES) found.set(name, exportsOf(program, path));
});

test('every export of every public entry shows documentation', () => {
  const lines = [...found].map(([name, names], at) =>
    name.startsWith('spanwright/unplugin/') || name === 'spanwright/transformer'
      ? `import entry${at} = require('${name}');`
      : `import { ${names.join(', ')} } from '${name}';`,
  );
  edit(lines.join('\n'));
  const silent: string[] = [];
  let seen = 0;
  for (const [, name = '', index] of [...text.matchAll(/(\w+)(?=[,\s}])/g)].map((match) => [...match, match.index] as const)) {
    if (['import', 'from', 'require'].includes(String(name))) continue;
    seen += 1;
    const info = service.getQuickInfoAtPosition(FILE, index as number);
    silent.push(...undocumented([shown(String(name), info)]));
  }
  assert.ok(seen > 100, `${seen} exports`);
  assert.equal(silent, []);
});

test('startTracing() completes every option with documentation, default, unit, variable and example', () => {
  const options = offered(`import { startTracing } from 'spanwright';\nvoid startTracing({ ${CURSOR} });`);
  const inCode = ['configFile', 'exporter', 'extraResourceDetectors', 'logger', 'spanProcessors'];
  assert.equal(sorted(options.map(({ name }) => name)), sorted([...KEYS.map(({ option }) => option), ...inCode]));
  assert.equal(undocumented(options), []);
  for (const { option, env, type } of KEYS) {
    const { documentation, example } = options.find(({ name }) => name === option) as Shown;
    assert.match(documentation, / Default: \S+/, option);
    for (const name of env) assert.ok(documentation.includes(name), `${option} does not name ${name}`);
    if (type.name === 'duration') assert.match(documentation, /Milliseconds, or text with a unit/, option);
    if (!/^(boolean|`)/.test(type.name)) assert.ok(example, `${option} has no example`);
  }
});

for (const [form, program] of [
  ['@instrument', `class A { @instrument({ ${CURSOR} }) b(): void {} }`],
  ['instrument(options, fn)', `instrument({ ${CURSOR} }, (b: string) => b);`],
] as const)
  test(`${form} completes every option with documentation, default and example`, () => {
    const options = offered(`import { instrument } from 'spanwright';\n${program}`);
    assert.equal(sorted(options.map(({ name }) => name)), sorted(OPTION_NAMES));
    assert.equal(undocumented(options), []);
    assert.equal(
      options.filter(({ documentation, example }) => !/default/i.test(documentation) || !example).map(({ name }) => name),
      [],
    );
  });

test('every type of options that an entry exports completes its members with documentation', () => {
  const types = [...found].flatMap(([entry, names]) =>
    names.filter((name) => /Options$/.test(name)).map((name) => [entry, name]),
  );
  assert.ok(types.length > 10, String(types));
  for (const [entry = '', name = ''] of types) {
    const members = offered(`import type { ${name} } from '${entry}';\nconst a: ${name} = { ${CURSOR} };`);
    assert.ok(members.length > 0, `${name} completes nothing`);
    assert.equal(undocumented(members), [], name);
  }
});

test.run();
