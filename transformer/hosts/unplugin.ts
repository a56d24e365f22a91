// The plugin for bundlers, written once for all of them on unplugin. Transforms a file's text before the bundler's own compiler sees it,
// with the options of the entry in tsconfig.json; sites are recognised by the scopes of the file. The entries are in ../unplugin/.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { UnpluginFactory, UnpluginInstance } from 'unplugin' with { 'resolution-mode': 'import' };
import { installedFile, isOwnFile } from '../core/installed.js';
import type { Printed } from '../print/text-edits.js';
import { lowersBlocksAt } from './block-target.js';
import { type EsbuildOutput, type FarmConfig, isBrowserOfEsbuild, isBrowserOfFarm, isWebTarget } from './client-output.js';
import { javaScriptOf, optionsForBundlers } from './javascript.js';
import { noteSites } from './manifest.js';
import { type Output, outputsOf } from './outputs.js';
import { isOptionalMissing, leaveOutOwnCircles } from './own-warnings.js';
import { parserFor } from './parse.js';
import { inputsOf, noEntry, type TextsByFile, textsByFile } from './projects.js';
import { servedFiles } from './served.js';
import { type Report, reportsOfSettings, type Texts } from './texts.js';

/** Options of the plugin for bundlers; those of the entry in tsconfig.json, and where that is. */
export interface SpanwrightPluginOptions {
  /** Path of the one tsconfig.json for all files, relative to the bundler's root. Default: that of each file. `false`: none is read. */
  tsconfig?: string | false;
  /** First part of every namespace. Default: the name of the package. */
  namespace?: string;
  /** Between the parts of a namespace. Default `::`. */
  separator?: string;
  /** Directory at which the path part of a namespace starts. */
  rootDir?: string;
  /** File patterns, relative to the project; other files keep their plain decorators. */
  include?: string | string[];
  exclude?: string | string[];
  /** Files, and installed packages, whose methods and exported functions are instrumented without decorators. */
  auto?: readonly { files?: string | string[]; packages?: string | string[]; exclude?: string | string[] }[];
  /** `short`: `Class.method`; `qualified`: all of `code.function.name`. */
  spanName?: 'short' | 'qualified';
  /** `true` or a path: writes the list of sites. */
  manifest?: boolean | string;
}

const SCRIPT = /\.[cm]?[jt]sx?$/;

/**
 * Oxc (Vite 8.3, Rolldown 1.3) compiles legacy decorators alone; Farm (1.7) makes code of private methods that no engine takes.
 */
const FAILS_AT_DECORATORS: ReadonlySet<string> = new Set(['vite', 'rolldown', 'farm']);

/** Bundlers whose files are often compiled by TypeScript (ts-loader). */
const BEHIND_TYPESCRIPT: ReadonlySet<string> = new Set(['webpack', 'rspack', 'rollup']);

/** These take the nearest tsconfig.json for the kind of decorators, without looking at what it covers. */
const TAKES_NEAREST: ReadonlySet<string> = new Set(['esbuild', 'bun']);

/** Part of a compiler of webpack or Rspack. */
interface WebpackLike {
  readonly context: string;
  readonly watchMode: boolean;
  readonly options: {
    readonly target?: string | readonly string[] | false | undefined;
    ignoreWarnings?: ((warning: Error, compilation: never) => boolean)[] | undefined;
  };
}

const factory: UnpluginFactory<SpanwrightPluginOptions | undefined> = ({ tsconfig, ...options } = {}, { framework }) => {
  const outputs = outputsOf();
  /** Outputs that differ in nothing that the texts depend on share them. */
  const byOutput = new Map<string, TextsByFile>();
  const checked = new Set<Texts>();
  /** Lines of the texts that have been reported. */
  const reported = new Set<string>();
  const served = servedFiles();
  /** Warnings of projects. */
  const warnings = new Set<string>();

  /** The parser starts with the first file, so that naming the plugin in a configuration costs nothing. */
  function textsForOutput({ root, renames, given, reloadable }: Output): TextsByFile {
    const facts = {
      directory: root,
      tsconfig: tsconfig === false ? null : (namedConfiguration(root) ?? given),
      reloadable: reloadable(),
    };
    const key = JSON.stringify([facts, renames]);
    let textsFor = byOutput.get(key);
    if (textsFor === undefined) {
      textsFor = textsByFile({
        ...facts,
        parser: parserFor(root),
        options,
        staticBlocks: BEHIND_TYPESCRIPT.has(framework) ? 'typescript' : renames ? 'renaming' : 'esbuild',
        purpose: 'bundle',
        ...(TAKES_NEAREST.has(framework) && { decoratorsOf: 'nearest' as const }),
      });
      byOutput.set(key, textsFor);
    }
    return textsFor;
  }

  /** Options of a file of the bundler's root hold for installed packages. */
  function textsOfFile(output: Output, path: string): Texts {
    const owner = installedFile(path) === undefined ? path : resolve(output.root, 'index.js');
    const texts = textsForOutput(output)(owner);
    if (checked.has(texts)) return texts;
    checked.add(texts);
    const faults = reportsOfSettings(texts.faults);
    if (faults.length > 0) throw new Error(faults.map(({ line }) => line).join('\n'));
    for (const line of texts.warnings) warnings.add(line);
    return texts;
  }

  function takes(path: string): boolean {
    if (isOwnFile(path)) return false;
    return installedFile(path) === undefined || textsOfFile(outputs.of(), path).takesInstalled;
  }

  function namedConfiguration(root: string): string | undefined {
    if (typeof tsconfig !== 'string') return undefined;
    const path = [root, process.cwd()].map((directory) => resolve(directory, tsconfig)).find(existsSync);
    if (path === undefined) throw new Error(`spanwright: there is no ${resolve(root, tsconfig)}, which 'tsconfig' names`);
    return path;
  }

  return {
    name: 'spanwright',
    enforce: 'pre',
    // Modules that a bundler creates itself have a NUL in their names.
    transformInclude: (id) => SCRIPT.test(pathOf(id)) && !id.includes('\0') && takes(pathOf(id)),
    // esbuild reports no changed files, and starts a build after each change.
    buildStart() {
      refresh();
    },
    transform(code, id) {
      const path = pathOf(id);
      const output = outputs.of(this);
      const current = textsOfFile(output, path);
      const found = output.client ? undefined : current.transform(path, code);
      const { manifest, project } = current;
      if (manifest !== undefined && !output.client)
        noteSites({ path: manifest, locate: project.locate }, project.withoutQuery(path), found?.plan.sites ?? []);
      for (const other of inputsOf(current, found)) {
        this.addWatchFile(other);
        served.note(other, path);
      }
      const wrong = found?.reports.filter(({ severity }) => severity === 'error') ?? [];
      // One error ends the build, so it reports all faults of the file.
      if (wrong.length > 0) throw buildFailure(wrong, path);
      for (const { line } of found?.reports ?? []) this.warn(line);
      const entry = tsconfig === false ? undefined : noEntry(current, found);
      for (const line of unreported(entry)) this.warn(line);
      const printed = found?.printed;
      if (installedFile(path) === undefined && lowers(current) && current.decorated(path, code))
        return lowered(current, path, code, printed);
      return printed === undefined ? null : { code: printed.code, map: printed.map };
    },
    watchChange(path) {
      refresh();
      served.changed(path);
    },
    vite: {
      configResolved({ root, command, build }) {
        outputs.set({
          root,
          renames: command === 'build' && lowersBlocksAt(build.target),
          // Vitest starts a server too, and loads each file once a process
          reloadable: () => command === 'serve' && process.env.VITEST === undefined,
        });
      },
      configureServer: served.by,
    },
    farm: {
      configResolved(config: FarmConfig) {
        outputs.set({ ...(config.root !== undefined && { root: config.root }), client: isBrowserOfFarm(config) });
      },
    },
    rolldown: {
      options({ cwd = process.cwd(), platform, transform }) {
        outputs.set({ root: cwd, client: platform === 'browser', renames: lowersBlocksAt(transform?.target) });
      },
    },
    rollup: { onLog: leaveOutOwnCircles },
    webpack: setUpCompiler,
    rspack: setUpCompiler,
    esbuild: {
      /** Without a target it would leave decorators to engines that do not know them. */
      setup(build) {
        const { initialOptions } = build;
        const { absWorkingDir: root = process.cwd(), tsconfig, target, supported } = initialOptions;
        outputs.set(
          {
            root,
            client: isBrowserOfEsbuild(initialOptions),
            given: tsconfig === undefined ? undefined : resolve(root, tsconfig),
            renames: lowersBlocksAt(target) || supported?.['class-static-blocks'] === false,
          },
          build,
        );
        initialOptions.supported = { decorators: false, ...initialOptions.supported };
        if (initialOptions.bundle === true) defineRequire(initialOptions);
      },
    },
  };

  function unreported(entry: string | undefined): string[] {
    const lines = [...warnings, ...(entry === undefined ? [] : [entry])].filter((line) => !reported.has(line));
    for (const line of lines) reported.add(line);
    return lines;
  }

  function refresh(): void {
    const changed = [...byOutput.values()].filter((textsFor) => textsFor.refresh());
    if (changed.length > 0) for (const lines of [warnings, reported]) lines.clear();
  }

  function setUpCompiler(compiler: WebpackLike): void {
    const { context: root, options } = compiler;
    outputs.set({ root, client: isWebTarget(options.target), reloadable: () => compiler.watchMode });
    options.ignoreWarnings = [...(options.ignoreWarnings ?? []), isOptionalMissing];
  }

  /** Only tsconfig.json decides the kind of decorators. */
  function lowers({ configuration }: Texts): boolean {
    return FAILS_AT_DECORATORS.has(framework) && tsconfig !== false && !configuration.options.experimentalDecorators;
  }
};

/** In ES modules for Node, esbuild leaves `require` of CommonJS packages, such as this one, to a `require` that such a module lacks. */
function defineRequire(options: EsbuildOutput): void {
  const { js = '' } = options.banner ?? {};
  if (options.format !== 'esm' || options.platform !== 'node' || /\brequire\b/.test(js)) return;
  const line =
    "import { createRequire as spanwrightCreateRequire } from 'node:module'; const require = spanwrightCreateRequire(import.meta.url);";
  options.banner = { ...options.banner, js: js === '' ? line : `${js}\n${line}` };
}

/** All standard decorators of a file, compiled away by the project's own TypeScript. */
function lowered({ parser, configuration }: Texts, path: string, authored: string, printed: Printed | undefined) {
  const options = optionsForBundlers(parser.ts, configuration.options);
  const { code, map } = javaScriptOf(parser, { path, authored, printed, options });
  // The map is an object, because that is the one form that every bundler takes.
  return { code, map: map === undefined ? null : JSON.parse(map) };
}

/** An error that bundlers show with its place. */
function buildFailure(reports: readonly Report[], id: string): Error {
  const at = reports[0]?.at;
  const loc = at === undefined ? undefined : { file: id, line: at.line, column: at.column - 1 };
  return Object.assign(new Error(reports.map(({ line }) => line).join('\n')), { id, loc });
}

/** Modules may have a query behind their path. */
function pathOf(id: string): string {
  return id.replace(/[?#].*$/, '');
}

/** Entries give their types by this name, because the compiler writes those of bundlers that it does not find as names without an import. */
export type Plugins = UnpluginInstance<SpanwrightPluginOptions | undefined, boolean>;

/**
 * The plugin for every bundler.
 *
 * @throws Error with the command to run where `unplugin` is not installed: it is a tool of builds, which a service does not need.
 */
export function plugins(): Plugins {
  return loadUnplugin().createUnplugin(factory);
}

/**
 * Not loaded by this file's own `require`: that of a CommonJS module which ES modules import from a zip archive of Yarn finds no ES
 * modules.
 */
const requireInstalled = createRequire(__filename);

function loadUnplugin(): typeof import('unplugin', { with: { 'resolution-mode': 'import' }}) {
  try {
    // ES modules alone, which Node 20.19 can require.
    return requireInstalled('unplugin');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' && process.versions.pnp !== undefined)
      throw new Error(
        `spanwright: with Yarn's Plug'n'Play, Node.js ${process.version} cannot load unplugin. Use Node.js 22.15 or later.`,
        {
          cause: error,
        },
      );
    if (code !== 'MODULE_NOT_FOUND') throw error;
    throw new Error('spanwright: the plugins for bundlers need the package unplugin. Run: npm install -D unplugin', {
      cause: error,
    });
  }
}
