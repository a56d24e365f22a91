// The host without a program: transforms the text of one file at a time, by the project's own tsconfig.json. What bundlers,
// `spanwright/register` and `spanwright explain` are built on. On a fault of its own a file stays as it was.

import { dirname, join, relative } from 'node:path';
import type ts from 'typescript';
import { type Compiler, decoratorsOf } from '../core/compiler.js';
import type { Plan } from '../core/edit.js';
import { installedFile } from '../core/installed.js';
import { rootOfPackage, segmentsOfFile } from '../core/naming.js';
import { planFile } from '../core/plan.js';
import type { PlanRequest } from '../core/plan-request.js';
import type { AutoBounds } from '../core/planting.js';
import { PACKAGE, type Recognition } from '../core/recognition.js';
import { recognitionByScopes } from '../core/scopes.js';
import { readSettings, type SettingsFault } from '../core/settings.js';
import { DIAGNOSTICS, type DiagnosticName, messageOf } from '../diagnostics.js';
import { type Printed, printToText } from '../print/text-edits.js';
import { isCovered } from './covered.js';
import { type DependencyProblem, dependencyReader, type Purpose, problemOf } from './dependency.js';
import { type ImportsOfFile, importsBy } from './modules.js';
import { openingOf } from './opening.js';
import { packagesOf } from './packages.js';
import type { Configuration, Parser } from './parse.js';
import { definesFields, lowersBlocks, type ProgramFacts, type Project, projectOf } from './project.js';
import { isFile } from './source-files.js';
import { unmatchedPatterns } from './unmatched.js';

/** The module that the plugin's entry in tsconfig.json names. */
export const TRANSFORM = 'spanwright/transformer';

/** A fault as readable text. */
export interface Report {
  readonly severity: 'error' | 'warning';
  /** A fault as the compiler prints it: `src/a.ts(3,5): error TS91001: ...`. */
  readonly line: string;
  readonly code: number;
  readonly message: string;
  readonly at: { readonly file: string; readonly line: number; readonly column: number } | undefined;
}

export interface Transformed {
  readonly plan: Plan;
  /** Undefined when nothing is to change. */
  readonly printed: Printed | undefined;
  readonly reports: readonly Report[];
  /** Other files that this one depends on: those that re-export `instrument` to it. */
  readonly read: readonly string[];
}

export interface Texts {
  readonly parser: Parser;
  /** Path of the configuration; undefined without one. */
  readonly path: string | undefined;
  readonly configuration: Configuration;
  /** True if the configuration has an entry of the plugin, or options were given beside it. */
  readonly configured: boolean;
  readonly project: Project;
  /** Faults of the plugin's options. */
  readonly faults: readonly SettingsFault[];
  /** True if `auto` takes installed packages. */
  readonly takesInstalled: boolean;
  /** One line for each fault of the configuration itself, and for each pattern of `auto` that can match nothing. */
  readonly warnings: readonly string[];
  /** Path of the manifest that the options ask for. */
  readonly manifest: string | undefined;
  /** True if a file may hold something to instrument; cheap. */
  concerns(fileName: string, text: string): boolean;
  /**
   * Undefined for an excluded file, and for one that cannot reach `instrument` and is not in auto mode; cheap for those.
   * `commonjs`: whether TypeScript lowers the modules; undefined where that is not known.
   */
  transform(fileName: string, text: string, commonjs?: boolean): Transformed | undefined;
  /** True if a file has any decorators; cheap for files that cannot have them. */
  decorated(fileName: string, text: string): boolean;
}

interface TextsRequest {
  readonly parser: Parser;
  /** Working directory of the tools. */
  readonly directory: string;
  /** Path of tsconfig.json; undefined: the nearest above the directory, if there is one; null: none. */
  readonly tsconfig?: string | null | undefined;
  /** Options beyond, and over, those of the plugin's entry. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** See PlanRequest. Default `typescript`. */
  readonly staticBlocks?: PlanRequest['staticBlocks'] | undefined;
  /** Default `output`. */
  readonly purpose?: Purpose | undefined;
  /** True if a development server loads files again after an edit. Default false. */
  readonly reloadable?: boolean | undefined;
  /** See the text printer. */
  readonly ownLines?: boolean | undefined;
  readonly place?: string | undefined; // configuration in the project's folder; default: the path
}

const NAMES = {
  recorder: '',
  table: '',
  call: '',
  value: '',
  error: '',
  early: '',
  namespace: '',
  separator: '',
  qualified: false,
  path: '',
};
/** In a development server the runtime learns from these files, also without a site, that they may be loaded again. */
const SET_UP = /\b(?:startTracing|create(?:Root)?Sampler)\b/;
const EMPTY: Plan = { sites: [], edits: [], faults: [], binding: '', module: NAMES, covered: false };
export const NO_CONFIGURATION: Configuration = { options: {}, plugins: [], files: [] };

export function textsOf({ parser, directory, tsconfig, options, purpose }: TextsRequest): Texts {
  const path = tsconfig === undefined ? nearestConfiguration(directory) : (tsconfig ?? undefined);
  const configuration = path === undefined ? NO_CONFIGURATION : parser.readConfiguration(path);
  return textsIn(parser, directory, path, configuration, { options, purpose });
}

/** As {@link textsOf}, for a configuration that has been read. */
export function textsIn(
  parser: Parser,
  directory: string,
  path: string | undefined,
  configuration: Configuration,
  {
    options: over = {},
    staticBlocks = 'typescript',
    purpose = 'output',
    reloadable = false,
    ownLines = false,
    place = path,
  }: Pick<TextsRequest, 'options' | 'staticBlocks' | 'purpose' | 'reloadable' | 'ownLines' | 'place'> = {},
): Texts {
  const { ts } = parser;
  const entry = configuration.plugins.find(({ transform }) => transform === TRANSFORM);
  const { settings, faults } = readSettings({ ...entry, ...over });
  const configured = entry !== undefined || Object.keys(over).length > 0;
  const facts = programFacts(ts, directory, place, configuration);
  const project = projectOf(facts, settings, packagesOf(ts));
  const { options } = configuration;

  const importsOf = parser.resolver === undefined ? undefined : importsBy(parser, parser.resolver(options));

  function planOf(file: ts.SourceFile, path: string, commonjs: boolean, imports: ImportsOfFile | undefined): Plan | undefined {
    const installed = installedFile(file.fileName);
    const auto = boundsOf(file.fileName, path);
    const recognition: Recognition = recognitionByScopes(ts, imports);
    if (!auto && !recognition.reaches(file) && !setsUp(file.text)) return undefined;
    return planFile({
      ts,
      file,
      recognition,
      ...(installed === undefined
        ? { naming: project.naming, segments: project.segmentsOf(file.fileName) }
        : {
            naming: { ...project.naming, root: rootOfPackage(installed.packageName, project.naming.separator) },
            segments: segmentsOfFile(installed.within, project.naming.separator),
          }),
      path,
      designTypes: options.emitDecoratorMetadata === true,
      decorators: options.experimentalDecorators ? 'legacy' : 'standard',
      staticBlocks,
      lowersBlocks: staticBlocks === 'typescript' && lowersBlocks(ts, options),
      fieldsNameFunctions: definesFields(ts, options),
      commonjs,
      auto,
      covered: isCovered(),
    });
  }

  function boundsOf(fileName: string, place: string): AutoBounds | undefined {
    const installed = installedFile(fileName);
    return installed === undefined ? settings.auto(place) : settings.autoInstalled(installed.packageName, place);
  }

  const dependencyIn = dependencyReader();
  /** Manifests whose problem has been reported. */
  const reported = new Set<string>();

  /** Reports once for each package.json that compiled code would not find the package. */
  function dependencyProblem(fileName: string, text: string): DependencyProblem | undefined {
    const found = problemOf(dependencyIn(dirname(fileName)), text, purpose);
    if (found === undefined || (!found.fatal && reported.has(found.message))) return undefined;
    reported.add(found.message);
    return found;
  }

  function concerns(fileName: string, text: string, imports = importsOf?.(fileName)): boolean {
    const place = project.withoutQuery(fileName);
    if (/\.d\.[cm]?ts$/.test(fileName) || !settings.include(place) || settings.exclude(place)) return false;
    if (installedFile(fileName) !== undefined) return boundsOf(fileName, place) !== undefined;
    return settings.auto(place) !== undefined || text.includes(PACKAGE) || imports?.mayReach(text) === true;
  }

  function transform(fileName: string, text: string, commonjs?: boolean): Transformed | undefined {
    const place = project.withoutQuery(fileName);
    const imports = importsOf?.(fileName);
    try {
      if (!concerns(fileName, text, imports)) return undefined;
      return parser.parse(fileName, text, (file) => {
        const plan = planOf(file, place, commonjs === true, imports);
        const read = [...(imports?.read ?? [])];
        if (plan === undefined) return read.length === 0 ? undefined : { plan: EMPTY, printed: undefined, reports: [], read };
        const reports = plan.faults.map(({ name, message, start }) => {
          const { line, character } = file.getLineAndCharacterOfPosition(start);
          return reportOf(name, message, { file: place, line: line + 1, column: character + 1 });
        });
        const own = installedFile(fileName) === undefined;
        const problem = plan.sites.length === 0 || !own ? undefined : dependencyProblem(fileName, text);
        if (problem !== undefined) reports.push(reportOf(problem.name, problem.message, { file: place, line: 1, column: 1 }));
        if (problem?.fatal) return { plan: EMPTY, printed: undefined, reports, read };
        const assignedDefault = commonjs ? defaultFunction(ts, file) : undefined;
        const { start, module } = openingOf(ts, file, commonjs);
        const request = { text, source: fileName, plan, start, module, assignedDefault, reloadable, ownLines };
        return { plan, reports, printed: plan.sites.length > 0 || setsUp(text) ? printToText(request) : undefined, read };
      });
    } catch (error) {
      const found = error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 2).join(' ') : String(error);
      const report = reportOf('internal-fault', messageOf('internal-fault', found), { file: place, line: 1, column: 1 });
      return { plan: EMPTY, printed: undefined, reports: [report], read: [] };
    }
  }

  const setsUp = (text: string): boolean => reloadable && SET_UP.test(text);

  function decorated(fileName: string, text: string): boolean {
    return /@\s*[^\s\d]/.test(text) && parser.parse(fileName, text, (file) => hasDecorators(ts, file));
  }

  const manifest = settings.manifest === undefined ? undefined : project.locate(settings.manifest);
  const { files: patterns, packages } = settings.autoPatterns;
  const takesInstalled = packages.length > 0 || patterns.some((pattern) => pattern.includes('node_modules'));
  const warnings = [...(configuration.faults ?? []), ...unmatchedPatterns(settings.autoPatterns, project.locate('.'))];
  return {
    ...{ parser, path, configuration, configured, project, faults, manifest },
    ...{ takesInstalled, warnings, concerns, transform, decorated },
  };
}

function reportOf(name: DiagnosticName, message: string, at: Report['at']): Report {
  const { code, severity } = DIAGNOSTICS[name];
  const where = at === undefined ? '' : `${at.file}(${at.line},${at.column}): `;
  return { severity, code, message, at, line: `${where}${severity} TS${code}: ${message}` };
}

/** Faults of the options, which are in no source file. */
export function reportsOfSettings(faults: readonly SettingsFault[]): Report[] {
  return faults.map(({ name, message }) => reportOf(name, message, undefined));
}

function hasDecorators(ts: Compiler, node: ts.Node): boolean {
  return decoratorsOf(ts, node).length > 0 || ts.forEachChild(node, (child) => hasDecorators(ts, child) || undefined) === true;
}

/** The name of a function that the file exports by default at its declaration. */
function defaultFunction(ts: Compiler, file: ts.SourceFile): string | undefined {
  const found = file.statements.find(
    (statement) =>
      ts.isFunctionDeclaration(statement) &&
      statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) === true,
  );
  return (found as ts.FunctionDeclaration | undefined)?.name?.text;
}

function nearestConfiguration(directory: string): string | undefined {
  return configurationsAbove(directory)[0];
}

/** Paths of the configurations above a directory, nearest first: of each folder its tsconfig.json, else its jsconfig.json. */
export function configurationsAbove(directory: string): string[] {
  const path = ['tsconfig.json', 'jsconfig.json'].map((name) => join(directory, name)).find(isFile);
  const parent = dirname(directory);
  const rest = parent === directory ? [] : configurationsAbove(parent);
  return path === undefined ? rest : [path, ...rest];
}

/** Answers of a program of these files. */
function programFacts(ts: Compiler, directory: string, path: string | undefined, configuration: Configuration): ProgramFacts {
  const { options, files } = configuration;
  const base = path === undefined ? directory : dirname(path);
  // Since TypeScript 6, and for composite projects always, the root is the directory of tsconfig.json; otherwise the common one of the
  // files.
  const own = options.composite === true || Number.parseInt(ts.version, 10) > 5;
  return {
    getCompilerOptions: () => (path === undefined ? options : { ...options, configFilePath: path }),
    getCurrentDirectory: () => directory,
    getCommonSourceDirectory: () => (own ? base : (shared(files.filter((file) => !/\.d\.[cm]?ts$/.test(file))) ?? base)),
  };
}

/** The directory that all files lie below. */
function shared(files: readonly string[]): string | undefined {
  const [first, ...rest] = files;
  if (first === undefined) return undefined;
  return rest.reduce((common, file) => {
    let directory = common;
    while (relative(directory, file).startsWith('..')) directory = dirname(directory);
    return directory;
  }, dirname(first));
}
