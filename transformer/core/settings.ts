// The options of the plugin, as a person writes them in tsconfig.json, checked against one table. Called by every host.
// Faults are returned, not thrown: the host knows the place of the text.

import picomatch from 'picomatch';
import { type DiagnosticName, messageOf } from '../diagnostics.js';
import type { AutoBounds } from './planting.js';
import { suggestion } from './suggestion.js';

/** Returns true for a matching path, relative to the project and with forward slashes. */
type FileFilter = (path: string) => boolean;

/** Options after checking. */
export interface Settings {
  /** First part of every namespace; undefined: the package name. */
  readonly namespace: string | undefined;
  readonly separator: string;
  /** Relative to the project, or absolute. */
  readonly rootDir: string | undefined;
  readonly include: FileFilter;
  readonly exclude: FileFilter;
  /** Bounds for files of the project whose code is instrumented without decorators; undefined for all others. */
  readonly auto: (path: string) => AutoBounds | undefined;
  /** The same for installed packages: by name, or by a pattern that names node_modules. */
  readonly autoInstalled: (packageName: string, path: string) => AutoBounds | undefined;
  /** Patterns of `auto`, as written. */
  readonly autoPatterns: { readonly files: readonly string[]; readonly packages: readonly string[] };
  readonly spanName: 'short' | 'qualified';
  /** Path of the manifest, relative to the project; undefined: none is written. */
  readonly manifest: string | undefined;
}

export interface SettingsFault {
  readonly name: DiagnosticName;
  /** The option that is wrong. */
  readonly option: string;
  readonly message: string;
}

/** Keys of the plugin entry that belong to the host: ts-patch, the language service, Nest. */
const HOST_KEYS = new Set([
  ...['transform', 'import', 'type', 'after', 'afterDeclarations', 'transformProgram'],
  ...['isEsm', 'tsConfig', 'resolvePathAliases', 'name'],
]);

/** One row for each option: the expected form as the end of a message, or undefined when the value is valid. */
const OPTIONS: Record<Exclude<keyof Settings, 'autoInstalled' | 'autoPatterns'>, (value: unknown) => string | undefined> = {
  namespace: (value) => (isText(value) && !/[\s,=*]/.test(value) ? undefined : "expected text without spaces, ',', '=' and '*'"),
  separator: (value) => (isText(value) && !/[\s,=*\w]/.test(value) ? undefined : "expected punctuation such as '::' or '.'"),
  rootDir: (value) => (isText(value) ? undefined : 'expected the path of a directory'),
  include: patterns,
  exclude: patterns,
  auto: (value) => {
    if (!Array.isArray(value)) return 'expected a list such as [{ "files": "src/services/**" }]';
    for (const rule of value) {
      const keys = typeof rule === 'object' && rule !== null ? Object.keys(rule) : [];
      const odd = keys.find((key) => !RULE_KEYS.includes(key));
      if (odd !== undefined) return `a rule has 'files' or 'packages', 'exclude' and 'minLines', not '${odd}'`;
      const { minLines } = rule;
      if (minLines !== undefined && !(Number.isInteger(minLines) && minLines >= 1))
        return "expected a whole number from 1 on for 'minLines'";
      const present = (['files', 'packages', 'exclude'] as const).filter((key) => keys.includes(key));
      const problem = present.some((key) => key !== 'exclude')
        ? present.map((key) => (key === 'packages' ? packageNames(rule.packages) : patterns(rule[key]))).find(Boolean)
        : 'each rule needs "files" or "packages"';
      if (problem !== undefined) return problem;
    }
    return undefined;
  },
  spanName: (value) => (value === 'short' || value === 'qualified' ? undefined : "expected 'short' or 'qualified'"),
  manifest: (value) =>
    typeof value === 'boolean' || isText(value) ? undefined : 'expected true or the path of the file to write',
};

const RULE_KEYS = ['files', 'packages', 'exclude', 'minLines'];

const NAMES = Object.keys(OPTIONS);

/** Checks the options; a faulty one is left at its default. */
export function readSettings(config: Readonly<Record<string, unknown>>): { settings: Settings; faults: SettingsFault[] } {
  const faults: SettingsFault[] = [];
  const good = new Map<string, unknown>();
  const checks = new Map(Object.entries(OPTIONS));
  for (const [option, value] of Object.entries(config)) {
    if (HOST_KEYS.has(option) || value === undefined) continue;
    const check = checks.get(option);
    const problem = check?.(value);
    if (check === undefined) {
      const name = 'unknown-plugin-option';
      faults.push({ name, option, message: messageOf(name, option, suggestion(option, NAMES, 'options')) });
    } else if (problem !== undefined) {
      const name = 'bad-plugin-option';
      faults.push({ name, option, message: messageOf(name, option, `${problem}; found ${JSON.stringify(value)}.`) });
    } else good.set(option, value);
  }
  const manifest = good.get('manifest');
  const settings: Settings = {
    namespace: good.get('namespace') as string | undefined,
    separator: (good.get('separator') as string | undefined) ?? '::',
    rootDir: good.get('rootDir') as string | undefined,
    include: filter(good.get('include'), true),
    exclude: filter(good.get('exclude'), false),
    ...autoOf((good.get('auto') as AutoRule[] | undefined) ?? []),
    spanName: good.get('spanName') === 'qualified' ? 'qualified' : 'short',
    manifest: manifest === true ? 'spanwright.json' : manifest === false ? undefined : (manifest as string | undefined),
  };
  return { settings, faults };
}

interface AutoRule {
  readonly files?: string | string[];
  readonly packages?: string | string[];
  readonly exclude?: string | string[];
  readonly minLines?: number;
}

/** Packages that Spanwright itself uses: instrumented, they would record its own export. */
const OWN = picomatch([
  'spanwright',
  '@spanwright/*',
  '@opentelemetry/*',
  '@grpc/*',
  'protobufjs',
  '@protobufjs/*',
  'import-in-the-middle',
]);

function autoOf(rules: readonly AutoRule[]): Pick<Settings, 'auto' | 'autoInstalled' | 'autoPatterns'> {
  const files = rules.flatMap((rule) => listOf(rule.files));
  const packages = rules.flatMap((rule) => listOf(rule.packages));
  const each = rules.map((rule) => ({
    own: filter(
      listOf(rule.files).filter((pattern) => !pattern.includes('node_modules')),
      false,
    ),
    installed: filter(
      listOf(rule.files).filter((pattern) => pattern.includes('node_modules')),
      false,
    ),
    named: filter(listOf(rule.packages), false),
    exclude: filter(rule.exclude, false),
    bounds: { minLines: rule.minLines },
    installedBounds: { minLines: rule.minLines, installed: true },
  }));
  return {
    auto: (path) => each.find(({ own, exclude }) => own(path) && !exclude(path))?.bounds,
    autoInstalled: (name, path) =>
      OWN(name)
        ? undefined
        : each.find(({ installed, named, exclude }) => (named(name) || installed(path)) && !exclude(path))?.installedBounds,
    autoPatterns: { files, packages },
  };
}

function listOf(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : [value].flat();
}

function filter(value: unknown, otherwise: boolean): FileFilter {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return () => otherwise;
  const matches = picomatch((Array.isArray(value) ? value : [value]).map(normal), { dot: true });
  return (path) => matches(path);
}

/** Patterns are relative to the project, with or without `./`. */
function normal(pattern: string): string {
  return pattern.replace(/^\.\//, '');
}

function patterns(value: unknown): string | undefined {
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0 || !list.every(isText)) return "expected a file pattern such as 'src/services/**', or a list of them";
  if (list.some((pattern) => pattern.startsWith('/'))) return 'expected patterns relative to the directory of tsconfig.json';
  return undefined;
}

function packageNames(value: unknown): string | undefined {
  const list = Array.isArray(value) ? value : [value];
  const named = list.length > 0 && list.every((name) => isText(name) && /^(@[\w.*-]+\/)?[\w.*-]+$/.test(name));
  return named ? undefined : "expected the name of a package such as 'pg' or '@acme/*', or a list of them";
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}
