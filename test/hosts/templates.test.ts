// limit: 180 s
// Projects as their generators write them, with no more added than the guide says: Vite's react-ts and vanilla-ts (which come with TypeScript 7.0),
// and Nest's monorepo mode with its own builder and with tsc. Built from their own folder, and react-ts from the one above. The workspaces of Nx and
// Turborepo are written here with the settings of create-nx-workspace 23.2 and of Turborepo's examples/basic: the one generator installs 137 MB, the
// other downloads from GitHub.

import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { stepOnce } from './built.js';
import { link, newDirectory, ROOT, write } from './conformance/project.js';
import { execute, part, testWith } from './conformance/suite.js';

const own = (name: string): string => join(ROOT, 'node_modules', name);
const ofTemplates = (name: string): string => part('templates/node_modules', name);

function change(directory: string, path: string, changed: (text: string) => string): void {
  const before = readFileSync(join(directory, path), 'utf8');
  const after = changed(before);
  assert.is.not(after, before, `${path} is as it was:\n${before}`);
  write(directory, path, after);
}

/** `@Log` prints which kind of decorator it is called as. */
const SERVICE = `import { instrument, siteOf } from 'spanwright';
function Log(..._all: unknown[]): any { console.log(_all.length === 3 ? 'legacy' : 'TC39'); }
export class Work { @instrument @Log run(job: string): string { return 'ran ' + job; } }
const { namespace, file } = siteOf(Work.prototype.run) ?? {};
console.log(new Work().run('job'), namespace, file);
`;

const ENTRY = '"plugins": [{ "transform": "spanwright/transformer", "namespace": "shop" }],';

/** The generated project in \`app/\`, with what \`npm install\` would bring. */
function vite(template: string, kind: 'legacy' | 'TC39'): string {
  const directory = newDirectory();
  stepOnce(directory, directory, [ofTemplates('create-vite/index.js'), 'app', '--template', template, '--no-interactive']);
  const app = join(directory, 'app');
  link(app, {
    ...Object.fromEntries(
      ['vite', '@vitejs', 'react', 'react-dom', '@types/react', '@types/react-dom'].map((name) => [name, ofTemplates(name)]),
    ),
    ...Object.fromEntries(['@opentelemetry', 'unplugin', '@types/node'].map((name) => [name, own(name)])),
    spanwright: ROOT,
    typescript: part('ts7/node_modules/typescript-7.0'),
    '@typescript/typescript6': part('ts6/node_modules/typescript'),
  });
  const react = template === 'react-ts';
  const decorators = kind === 'legacy' ? ' "experimentalDecorators": true,' : '';
  change(app, react ? 'tsconfig.app.json' : 'tsconfig.json', (text) =>
    text.replace('"compilerOptions": {', `"compilerOptions": {${decorators} ${ENTRY}`),
  );
  change(app, react ? 'src/main.tsx' : 'src/main.ts', (text) => `import './service.ts'\n${text}`);
  const imported = "import spanwright from 'spanwright/unplugin/vite'\n";
  if (react) change(app, 'vite.config.ts', (text) => imported + text.replace('[react()]', '[spanwright(), react()]'));
  else write(app, 'vite.config.ts', `${imported}export default { plugins: [spanwright()] }\n`);
  write(app, 'src/service.ts', SERVICE);
  return directory;
}

const withVite = testWith('templates', 'ts6', 'ts7');
for (const [template, kind] of [
  ['react-ts', 'legacy'],
  ['vanilla-ts', 'TC39'],
] as const)
  withVite(`Vite's ${template}, ${kind} decorators: type-checked, built for the browser and for the server`, () => {
    const directory = vite(template, kind);
    const app = join(directory, 'app');
    // namespaces start at tsconfig.json, because TypeScript 6 parses here
    const printed = `${kind}\nran job shop::src::service::Work src/service.ts\n`;
    const command = [ofTemplates('vite/bin/vite.js'), 'build'];
    stepOnce(directory, app, [part('ts7/node_modules/typescript-7.0/bin/tsc'), '-b']);

    stepOnce(directory, app, command);
    const assets = join(app, 'dist/assets');
    const client = readdirSync(assets)
      .filter((name) => name.endsWith('.js'))
      .map((name) => readFileSync(join(assets, name), 'utf8'))
      .join('\n');
    assert.match(client, /ran /);
    assert.not.match(client, /shop::|AsyncLocalStorage/);

    const external = ['--ssr', 'src/service.ts', '--outDir'];
    stepOnce(directory, app, [...command, ...external, 'server']);
    assert.is(execute(app, process.execPath, ['server/service.js']), printed);
    if (template === 'vanilla-ts') return;
    stepOnce(directory, directory, [...command, 'app', ...external, 'above', '--config', 'app/vite.config.ts']);
    assert.is(execute(app, process.execPath, ['above/service.js']), printed);
  });

const NATIVE = Object.fromEntries(['typescript', '@typescript'].map((name) => [name, part('ts7/node_modules', name)]));
const OWN = {
  spanwright: ROOT,
  ...Object.fromEntries(['@opentelemetry', '@types', 'tslib', 'unplugin'].map((name) => [name, own(name)])),
};
const SPANWRIGHT_ENTRY = { transform: 'spanwright/transformer', namespace: 'shop' };

function writeAll(directory: string, files: Readonly<Record<string, object | string>>): void {
  for (const [path, content] of Object.entries(files))
    write(directory, path, typeof content === 'string' ? content : JSON.stringify(content));
}

/** A package of Nx's preset `ts`, as `nx g @nx/js:lib` and `nx sync` write it. */
function nxPackage(name: string, dependencies: object, references: readonly string[] = []): Record<string, object> {
  const folder = `packages/${name}`;
  const exported = { '@shop/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' };
  return {
    [`${folder}/package.json`]: { name: `@shop/${name}`, type: 'module', exports: { '.': exported }, dependencies },
    [`${folder}/tsconfig.json`]: {
      ...{ extends: '../../tsconfig.base.json', files: [], include: [] },
      references: [...references.map((one) => ({ path: `../${one}` })), { path: './tsconfig.lib.json' }],
    },
    [`${folder}/tsconfig.lib.json`]: {
      extends: '../../tsconfig.base.json',
      compilerOptions: {
        ...{ rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/tsconfig.lib.tsbuildinfo', emitDeclarationOnly: false },
        ...{ forceConsistentCasingInFileNames: true, types: ['node'] },
      },
      include: ['src/**/*.ts'],
      references: references.map((one) => ({ path: `../${one}/tsconfig.lib.json` })),
    },
  };
}

testWith('ts7')("Nx's preset ts: spanwright build -b at its root, and the sources by spanwright/register", () => {
  const directory = newDirectory();
  const dependencies = { spanwright: '*', tslib: '^2.3.0' };
  writeAll(directory, {
    'package.json': { name: '@shop/source', private: true, workspaces: ['packages/*'] },
    'tsconfig.base.json': {
      compilerOptions: {
        ...{ composite: true, declarationMap: true, emitDeclarationOnly: true, importHelpers: true, isolatedModules: true },
        ...{ lib: ['es2022'], module: 'nodenext', moduleResolution: 'nodenext', noEmitOnError: true, target: 'es2022' },
        ...{ noFallthroughCasesInSwitch: true, noImplicitOverride: true, noImplicitReturns: true, noUnusedLocals: true },
        ...{ skipLibCheck: true, strict: true, customConditions: ['@shop/source'], plugins: [SPANWRIGHT_ENTRY] },
      },
    },
    'tsconfig.json': {
      ...{ extends: './tsconfig.base.json', compileOnSave: false, files: [] },
      references: [{ path: './packages/work' }, { path: './packages/app' }],
    },
    ...nxPackage('work', dependencies),
    ...nxPackage('app', { ...dependencies, '@shop/work': '*' }, ['work']),
    'packages/work/src/index.ts': "export * from './lib/work.js';\n",
    'packages/work/src/lib/work.ts': SERVICE,
    'packages/app/src/index.ts': "import { Work } from '@shop/work';\nconsole.log(new Work().run('order'));\n",
  });
  link(directory, { ...OWN, ...NATIVE, '@shop/work': join(directory, 'packages/work') });
  const printed = 'TC39\nran job shop::lib::work::Work src/lib/work.ts\nran order\n';
  stepOnce(directory, directory, [join(ROOT, 'dist/cli/main.js'), 'build', '-b']);
  assert.is(execute(directory, process.execPath, ['packages/app/dist/index.js']), printed);
  const sources = ['-C', '@shop/source', '--import', 'spanwright/register', 'packages/app/src/index.ts'];
  assert.is(execute(directory, process.execPath, sources), printed);
});

testWith('bundlers')("Turborepo's basic template: a configuration of another package, by tspc and Vite", () => {
  const directory = newDirectory();
  const shared = (content: object): object => ({ $schema: 'https://json.schemastore.org/tsconfig', ...content });
  writeAll(directory, {
    'package.json': { name: 'shop', private: true, workspaces: ['apps/*', 'packages/*'] },
    'packages/typescript-config/package.json': { name: '@repo/typescript-config', private: true },
    'packages/typescript-config/base.json': shared({
      compilerOptions: {
        ...{ declaration: true, declarationMap: true, esModuleInterop: true, incremental: false, isolatedModules: true },
        ...{
          lib: ['es2022', 'DOM', 'DOM.Iterable'],
          module: 'ESNext',
          moduleDetection: 'force',
          moduleResolution: 'Bundler',
        },
        ...{ noUncheckedIndexedAccess: true, resolveJsonModule: true, skipLibCheck: true, strict: true, target: 'ES2022' },
        plugins: [SPANWRIGHT_ENTRY],
      },
    }),
    'packages/typescript-config/react-library.json': shared({ extends: './base.json', compilerOptions: { jsx: 'react-jsx' } }),
    'packages/ui/package.json': { name: '@repo/ui', type: 'module', dependencies: { spanwright: '*' } },
    'packages/ui/tsconfig.json': {
      extends: '@repo/typescript-config/react-library.json',
      compilerOptions: { outDir: 'dist', types: ['node'] },
      include: ['src'],
      exclude: ['node_modules', 'dist'],
    },
    'packages/ui/src/card.tsx': SERVICE,
  });
  link(join(directory, 'packages/ui'), { '@repo/typescript-config': join(directory, 'packages/typescript-config') });
  link(directory, { ...OWN, typescript: own('typescript'), vite: part('bundlers/node_modules/vite') });
  const ui = join(directory, 'packages/ui');
  stepOnce(directory, ui, [own('ts-patch/bin/tspc.js')]);
  const printed = 'TC39\nran job shop::card::Work src/card.tsx\n';
  assert.is(execute(ui, process.execPath, ['dist/card.js']), printed);
  write(
    directory,
    'vite.config.mjs',
    "import spanwright from 'spanwright/unplugin/vite';\nexport default { plugins: [spanwright()], logLevel: 'error', build: { ssr: 'src/card.tsx', outDir: 'bundled' } };\n",
  );
  const vite = part('bundlers/node_modules/vite/bin/vite.js');
  stepOnce(directory, directory, [vite, 'build', 'packages/ui', '--config', 'vite.config.mjs']);
  assert.is(execute(ui, process.execPath, ['bundled/card.js']), printed);
});

testWith('bundlers')('projects of Vitest, started at the root: each has its own tsconfig.json', () => {
  const directory = newDirectory();
  write(directory, 'vitest.config.mjs', "export default { test: { projects: ['packages/*'] } };\n");
  write(directory, 'tsconfig.json', '{ "compilerOptions": { "experimentalDecorators": true } }');
  for (const kind of ['legacy', 'TC39']) {
    const folder = `packages/${kind}`;
    writeAll(directory, {
      [`${folder}/package.json`]: { name: kind, type: 'module', dependencies: { spanwright: '*' } },
      [`${folder}/tsconfig.json`]: {
        compilerOptions: {
          ...{ target: 'ES2022', module: 'ESNext', moduleResolution: 'bundler', experimentalDecorators: kind === 'legacy' },
          plugins: [{ ...SPANWRIGHT_ENTRY, namespace: kind }],
        },
      },
      [`${folder}/vitest.config.mjs`]: `import spanwright from 'spanwright/unplugin/vite';
export default { plugins: [spanwright()], test: { name: '${kind}' } };`,
      [`${folder}/src/service.ts`]: SERVICE,
      [`${folder}/src/service.test.ts`]: `import { expect, test, vi } from 'vitest';
test('a site of its own project', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  await import('./service');
  expect(log.mock.calls).toEqual([['${kind}'], ['ran job', expect.stringMatching(/^${kind}::.*service::Work$/), 'src/service.ts']]);
});`,
    });
  }
  link(directory, {
    ...OWN,
    ...Object.fromEntries(['vite', 'vitest', 'typescript'].map((name) => [name, part('bundlers/node_modules', name)])),
  });
  const printed = execute(directory, process.execPath, [part('bundlers/node_modules/vitest/vitest.mjs'), 'run']);
  assert.match(printed, /Tests +2 passed/);
});

interface Nest {
  readonly release: string;
  readonly parts: readonly string[];
  /** Folders with the command and its builders, and with the framework. */
  readonly command: string;
  readonly framework: string;
  /** Builder that the generator chooses, and how it takes the plugin. */
  readonly builder: 'Rspack' | 'webpack';
  /** Extension in relative imports of the template. */
  readonly extension: string;
  /** Namespace of the module. That of 12 starts at `rootDir`, that of 11 at the folder that all files of the application have in common. */
  readonly namespace: string;
  /** Output of `tsc`. */
  readonly output: string;
}

const NESTS: readonly Nest[] = [
  {
    ...{ release: '12', parts: ['nest'], builder: 'Rspack', extension: '.js' },
    ...{ command: part('nest/node_modules'), framework: part('nest/node_modules') },
    ...{ namespace: 'shop::apps::second::src::work.service', output: 'dist/apps/second/apps/second/src/main.js' },
  },
  {
    ...{ release: '11', parts: ['patched', 'nest11'], builder: 'webpack', extension: '' },
    ...{ command: part('patched/node_modules'), framework: part('nest11/node_modules') },
    ...{ namespace: 'shop::work.service', output: 'dist/apps/second/main.js' },
  },
];

const NEST_SERVICE = `import { Injectable } from '@nestjs/common';
import { instrument, siteOf } from 'spanwright';
@Injectable()
export class Work {
  @instrument run(job: string): string { return 'ran ' + job; }
}
export const site = () => siteOf(Work.prototype.run);
`;
const nestMain = (extension: string): string => `import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Module } from '@nestjs/common';
import { site, Work } from './work.service${extension}';
@Module({ providers: [Work] })
class AppModule {}
void (async () => {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  console.log(app.get(Work).run('job'), site()?.namespace, site()?.file);
  await app.close();
})();
`;
const RSPACK = `import spanwright from 'spanwright/unplugin/rspack';
export default (options) => ({ ...options, plugins: [...options.plugins, spanwright({ namespace: 'shop' })] });`;
const NEST_PLUGIN = '"plugins": [{ "name": "spanwright/transformer", "options": { "namespace": "shop" } }],';

for (const { release, parts, command, framework, builder, extension, namespace, output } of NESTS)
  testWith(...parts)(`Nest ${release}'s monorepo mode: its own builder, ${builder}, and tsc`, () => {
    const directory = newDirectory();
    const nest = (folder: string, ...args: string[]): void =>
      stepOnce(directory, folder, [join(command, '@nestjs/cli/bin/nest.js'), ...args]);
    // schematics are looked up from the working directory
    mkdirSync(join(directory, 'node_modules'));
    link(directory, { '@nestjs': join(command, '@nestjs') });
    nest(directory, 'new', 'shop', '--skip-install', '--skip-git', '--package-manager', 'npm');
    const shop = join(directory, 'shop');
    link(shop, {
      ...packagesOf(command),
      ...packagesOf(framework),
      ...Object.fromEntries(['@opentelemetry', '@types', 'unplugin'].map((name) => [name, own(name)])),
      spanwright: ROOT,
    });
    nest(shop, 'generate', 'app', 'second');
    assert.ok(existsSync(join(shop, 'apps/second/tsconfig.app.json')), 'in monorepo mode');
    // the test tool of the template is not installed
    if (release === '12') change(shop, 'tsconfig.json', (text) => text.replace(/"vitest\/globals",/, ''));
    write(shop, 'apps/second/src/work.service.ts', NEST_SERVICE);
    write(shop, 'apps/second/src/main.ts', nestMain(extension));
    for (const file of ['controller', 'controller.spec', 'module', 'service'])
      write(shop, `apps/second/src/second.${file}.ts`, 'export {};\n');
    const addPlugin = (): void =>
      change(shop, 'nest-cli.json', (text) => text.replace('"compilerOptions": {', `"compilerOptions": { ${NEST_PLUGIN}`));

    const printed = `ran job ${namespace}::Work src/work.service.ts\n`;
    if (builder === 'Rspack') write(shop, 'rspack.config.js', RSPACK);
    else addPlugin();
    nest(shop, 'build', 'second');
    assert.is(execute(shop, process.execPath, ['dist/apps/second/main.js']), printed);

    if (builder === 'Rspack') addPlugin();
    nest(shop, 'build', 'second', '--builder', 'tsc');
    assert.is(execute(shop, process.execPath, [output]), printed);
  });

/** Packages of an installation by name, without those of this project. */
function packagesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter((name) => !/^(\.|project-|@types$|@opentelemetry$|unplugin$)/.test(name));
  return Object.fromEntries(names.map((name) => [name, join(folder, name)]));
}

test.run();
