// The options of the plugin, as a person writes them in tsconfig.json, checked against one table. Called by every host.
// Faults are answered, not thrown: the host knows where the text stands.

import picomatch from 'picomatch';
import { type DiagnosticName, messageOf } from '../diagnostics.js';
import { suggestion } from './suggestion.js';

/** Says whether a path, relative to the project and with forward slashes, is meant. */
export type FileFilter = (path: string) => boolean;

/** Options after checking. */
export interface Settings {
  /** First part of every namespace; undefined: the package name. */
  readonly namespace: string | undefined;
  readonly separator: string;
  /** Relative to the project, or absolute. */
  readonly rootDir: string | undefined;
  readonly include: FileFilter;
  readonly exclude: FileFilter;
  /** Files whose code is instrumented without decorators. */
  readonly auto: FileFilter;
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

/** One row for each option: what it must be, said as the end of a message, or undefined when it is right. */
const OPTIONS: Record<keyof Settings, (value: unknown) => string | undefined> = {
  namespace: (value) => (isText(value) && !/[\s,=*]/.test(value) ? undefined : "expected text without spaces, ',', '=' and '*'"),
  separator: (value) => (isText(value) && !/[\s,=*\w]/.test(value) ? undefined : "expected punctuation such as '::' or '.'"),
  rootDir: (value) => (isText(value) ? undefined : 'expected the path of a directory'),
  include: patterns,
  exclude: patterns,
  auto: (value) => {
    if (!Array.isArray(value)) return 'expected a list such as [{ "files": "src/services/**" }]';
    for (const rule of value) {
      const keys = typeof rule === 'object' && rule !== null ? Object.keys(rule) : [];
      const odd = keys.find((key) => key !== 'files' && key !== 'exclude');
      if (odd !== undefined) return `a rule has 'files' and 'exclude', not '${odd}'`;
      const problem = keys.includes('files')
        ? (patterns(rule.files) ?? ('exclude' in rule ? patterns(rule.exclude) : undefined))
        : 'each rule needs "files"';
      if (problem !== undefined) return problem;
    }
    return undefined;
  },
  spanName: (value) => (value === 'short' || value === 'qualified' ? undefined : "expected 'short' or 'qualified'"),
  manifest: (value) =>
    typeof value === 'boolean' || isText(value) ? undefined : 'expected true or the path of the file to write',
};

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
    auto: autoFilter((good.get('auto') as AutoRule[] | undefined) ?? []),
    spanName: good.get('spanName') === 'qualified' ? 'qualified' : 'short',
    manifest: manifest === true ? 'spanwright.json' : manifest === false ? undefined : (manifest as string | undefined),
  };
  return { settings, faults };
}

interface AutoRule {
  readonly files: string | string[];
  readonly exclude?: string | string[];
}

function autoFilter(rules: readonly AutoRule[]): FileFilter {
  const each = rules.map((rule) => ({ files: filter(rule.files, false), exclude: filter(rule.exclude, false) }));
  return (path) => each.some(({ files, exclude }) => files(path) && !exclude(path));
}

function filter(value: unknown, otherwise: boolean): FileFilter {
  if (value === undefined) return () => otherwise;
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

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}
