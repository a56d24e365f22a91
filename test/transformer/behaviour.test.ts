// Compiled and run: with the transformer a program behaves as the language says, in both kinds of decorators, both kinds of
// modules and every supported target, and with the compiler's options that change how imports are written.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EXPECTED, PROGRAM, TICKS } from './behaviour.js';
import { compile, execute, type ProjectSource } from './compile.js';
import { sitesIn } from './sites.js';

const LEGACY = { experimentalDecorators: true };
const COMMONJS = { module: 'CommonJS' };
const ESM = { module: 'Node16', moduleResolution: 'Node16' };

interface Variant {
  readonly name: string;
  readonly compilerOptions: Record<string, unknown>;
  readonly esm?: boolean;
}

const VARIANTS: readonly Variant[] = [
  { name: 'legacy, CommonJS, ES2017', compilerOptions: { ...LEGACY, ...COMMONJS, target: 'ES2017' } },
  { name: 'legacy, CommonJS, ES2022', compilerOptions: { ...LEGACY, ...COMMONJS } },
  { name: 'legacy, ESM, ES2022', compilerOptions: { ...LEGACY, ...ESM }, esm: true },
  {
    name: 'legacy, CommonJS, ESNext, isolatedModules',
    compilerOptions: { ...LEGACY, ...COMMONJS, target: 'ESNext', isolatedModules: true },
  },
  { name: 'legacy, CommonJS without esModuleInterop', compilerOptions: { ...LEGACY, ...COMMONJS, esModuleInterop: false } },
  {
    name: 'legacy, ESM, ES2018, isolatedModules, verbatimModuleSyntax',
    compilerOptions: { ...LEGACY, ...ESM, target: 'ES2018', isolatedModules: true, verbatimModuleSyntax: true },
    esm: true,
  },
  {
    name: 'legacy, CommonJS, ES2020, isolatedModules, without esModuleInterop',
    compilerOptions: { ...LEGACY, ...COMMONJS, target: 'ES2020', isolatedModules: true, esModuleInterop: false },
  },
  {
    name: 'legacy, ESM, ES2024, without esModuleInterop',
    compilerOptions: { ...LEGACY, ...ESM, target: 'ES2024', esModuleInterop: false },
    esm: true,
  },
  { name: 'TC39, CommonJS, ES2019, isolatedModules', compilerOptions: { ...COMMONJS, target: 'ES2019', isolatedModules: true } },
  {
    name: 'TC39, ESM, ES2021, isolatedModules, verbatimModuleSyntax',
    compilerOptions: { ...ESM, target: 'ES2021', isolatedModules: true, verbatimModuleSyntax: true },
    esm: true,
  },
  {
    name: 'TC39, CommonJS, ES2023, without esModuleInterop',
    compilerOptions: { ...COMMONJS, target: 'ES2023', esModuleInterop: false },
  },
  { name: 'TC39, CommonJS, ES2017', compilerOptions: { ...COMMONJS, target: 'ES2017' } },
  { name: 'TC39, CommonJS, ES2022', compilerOptions: { ...COMMONJS } },
  { name: 'TC39, ESM, ES2022, verbatimModuleSyntax', compilerOptions: { ...ESM, verbatimModuleSyntax: true }, esm: true },
  { name: 'TC39, ESM without esModuleInterop', compilerOptions: { ...ESM, esModuleInterop: false }, esm: true },
];

function sourceOf({ compilerOptions, esm }: Variant): ProjectSource {
  const main = esm ? PROGRAM.replace("'./ticks'", "'./ticks.js'") : PROGRAM;
  return {
    files: { 'src/main.ts': main, 'src/ticks.ts': TICKS },
    compilerOptions,
    package: { type: esm ? 'module' : 'commonjs' },
  };
}

for (const variant of VARIANTS) {
  test(`a program behaves as the language says: ${variant.name}`, () => {
    const compiled = compile(sourceOf(variant));
    assert.equal(compiled.diagnostics, []);
    const emitted = compiled.output('main.js');
    assert.match(
      emitted,
      variant.esm ? /^import \* as __spanwright from 'spanwright\/emitted';/m : /require\('spanwright\/emitted'\)/,
    );
    assert.is(sitesIn(emitted), 20);
    const ran = execute(compiled.directory, 'out/main.js');
    assert.is(ran.stderr, '');
    assert.equal(JSON.parse(ran.stdout), EXPECTED);
  });
}

test('the expected output is what the program prints without instrumentation', () => {
  const bare = PROGRAM.replace(/@instrument(\(\{[^)]*\}\))? /g, '').replace(
    /instrument\((?:\{[^}]*\}, )?(async function plan.*?\}|\(a.*?b)\);/g,
    '$1;',
  );
  assert.not.match(bare.replace(/^import.*$/gm, ''), /instrument/);
  const compiled = compile({ files: { 'src/main.ts': bare, 'src/ticks.ts': TICKS }, plugin: null });
  assert.equal(compiled.diagnostics, []);
  const ran = execute(compiled.directory, 'out/main.js');
  const printed = JSON.parse(ran.stdout);
  // Without a wrapper around it, an arrow function in a declaration takes the name of the variable.
  assert.equal(printed, { ...EXPECTED, identity: EXPECTED.identity.map((text) => (text === '/2' ? 'arrow/2' : text)) });
});

test.run();
