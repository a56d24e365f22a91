// Compiles files one by one as Node loads them: the transformer, then for TypeScript the project's own TypeScript, with a source map that leads
// to the authored text. Called by the hooks of `spanwright/register` and `spanwright/auto`, in the main thread and in that of the loader.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installedFile, isOwnFile } from '../core/installed.js';
import { isMeasured } from './covered.js';
import { javaScriptOf, optionsForNode } from './javascript.js';
import { isModule } from './opening.js';
import { NoParserError, type Parser, parserFor } from './parse.js';
import { noEntry, textsByFile } from './projects.js';
import { readSourceText } from './source-text.js';
import { reportsOfSettings, type Texts, type Transformed } from './texts.js';

export type Format = 'commonjs' | 'module';

/** Sources that Node cannot load, or would load without the transformer. */
export function isTypeScript(path: string): boolean {
  return /\.[cm]?tsx?$/.test(path) && !/\.d\.[cm]?ts$/.test(path) && !/[\\/]node_modules[\\/]/.test(path);
}

const JAVASCRIPT = /\.[cm]?jsx?$/;

/** Options over those of tsconfig.json; `spanwright/auto` gives them. */
export type SourceOptions = Readonly<Record<string, unknown>>;

/** Shared by the main thread and the loader's, which may read the same project: one slot for each line that either has printed. */
export const newWarned = (): Int32Array => new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * 1024));

let given: SourceOptions = {};
let warned = newWarned();
let textsFor: ((path: string) => Texts) | undefined;
const checked = new Set<Texts>();
/** TypeScript itself comes through the hooks, too. */
let loadingParser = false;

export function setSourceOptions(options: SourceOptions, shared: Int32Array): void {
  given = options;
  warned = shared;
}

/** Prints a line once per process. */
function warn(line: string): void {
  const key = createHash('sha256').update(line).digest().readInt32LE() || 1;
  for (let slot = 0; slot < warned.length; slot++) {
    const taken = Atomics.compareExchange(warned, slot, 0, key);
    if (taken === key) return;
    if (taken === 0) break;
  }
  process.emitWarning(line, { code: 'SPANWRIGHT' });
}

/** The project of a file; of an installed package, that of the program. @throws SyntaxError for a wrong option of the plugin. */
function projectOfSource(path: string): Texts {
  const installed = installedFile(path) !== undefined;
  const asked = installed ? (process.argv[1] ?? join(process.cwd(), 'index.js')) : path;
  textsFor ??= textsByFile({
    parser: loadedParser(dirname(asked)),
    directory: process.cwd(),
    options: given,
    purpose: 'run',
    ownLines: isMeasured(),
  });
  const texts = textsFor(asked);
  if (checked.has(texts)) return texts;
  checked.add(texts);
  const faults = reportsOfSettings(texts.faults);
  if (faults.length > 0) throw new SyntaxError(faults.map(({ line }) => line).join('\n'));
  for (const line of texts.warnings) warn(line);
  return texts;
}

function loadedParser(directory: string): Parser {
  loadingParser = true;
  try {
    return parserFor(directory);
  } finally {
    loadingParser = false;
  }
}

/** @throws SyntaxError for misuse that the transformer finds. */
function transformed(path: string, authored: string, format: Format): Transformed | undefined {
  const project = projectOfSource(path);
  const found = project.transform(path, authored, format === 'commonjs');
  const wrong = found?.reports.filter(({ severity }) => severity === 'error') ?? [];
  if (wrong.length > 0) throw new SyntaxError(wrong.map(({ line }) => line).join('\n'));
  for (const { line } of found?.reports ?? []) warn(line);
  const entry = noEntry(project, found);
  if (entry !== undefined) warn(entry);
  return found;
}

/** @throws SyntaxError for misuse that the transformer finds. */
export function compiledSource(path: string, format: Format): string {
  const { parser, configuration } = projectOfSource(path);
  const authored = readSourceText(path);
  const found = transformed(path, authored, format);
  const options = optionsForNode(parser.ts, configuration.options, format === 'commonjs');
  const { code, map } = javaScriptOf(parser, { path, authored, printed: found?.printed, options, measured: isMeasured() });
  return map === undefined ? code : withMap(code, map);
}

/** Files that `require` left unchanged, which Node's own loading passes to the hooks again. */
const unchanged = new Set<string>();

/** The text that `require` compiles for a CommonJS file; undefined if Node loads the file unchanged. */
export function requiredSource(path: string): string | undefined {
  if (isTypeScript(path)) return compiledSource(path, 'commonjs');
  unchanged.delete(path);
  const source = instrumentedSource(path, 'commonjs');
  if (source === undefined) unchanged.add(path);
  return source;
}

/** The transformed text of JavaScript with sites; undefined for other files, which Node loads unchanged. */
export function instrumentedSource(path: string, format: Format): string | undefined {
  if (loadingParser || !JAVASCRIPT.test(path) || isOwnFile(path) || unchanged.delete(path)) return undefined;
  let texts: Texts;
  try {
    texts = projectOfSource(path);
  } catch (error) {
    // A program of JavaScript alone needs no TypeScript unless it uses an option that needs the parser.
    if (error instanceof NoParserError && Object.keys(given).length === 0) return undefined;
    throw error;
  }
  if (installedFile(path) !== undefined && !texts.takesInstalled) return undefined;
  const authored = readSourceText(path);
  if (!texts.concerns(path, authored)) return undefined;
  const printed = transformed(path, authored, format)?.printed;
  if (printed === undefined) return undefined;
  // An installed package may not resolve this one by its name.
  const code =
    installedFile(path) === undefined
      ? printed.code
      : printed.code.replace(/(['"])spanwright\/emitted\1/, JSON.stringify(emittedFor(format)));
  return withMap(code, JSON.stringify({ ...printed.map, sources: [path], sourcesContent: [authored] }));
}

const EMITTED = join(__dirname, '..', '..', 'runtime', 'emitted.js');
const emittedFor = (format: Format): string => (format === 'commonjs' ? EMITTED : pathToFileURL(EMITTED).href);

function withMap(code: string, map: string): string {
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}\n`;
}

const declared = new Map<string, Format | undefined>();
const detected = new Map<string, Format>();

/** The kind of module: by the extension, else by the nearest package.json, else by the syntax, as in Node. */
export function formatOf(path: string): Format {
  if (/\.m[jt]s$/.test(path)) return 'module';
  if (/\.c[jt]s$/.test(path)) return 'commonjs';
  const known = declaredIn(dirname(path)) ?? detected.get(path);
  if (known !== undefined) return known;
  const found = isModuleBySyntax(path) ? 'module' : 'commonjs';
  detected.set(path, found);
  return found;
}

/** Format of a file that no package.json decides. With a tsconfig.json TypeScript is CommonJS, as for its compiler. */
function isModuleBySyntax(path: string): boolean {
  if (installedFile(path) !== undefined || loadingParser) return false;
  try {
    const authored = readSourceText(path);
    if (!/^\s*(import|export)\b/m.test(authored)) return false;
    const { parser, path: tsconfig } = projectOfSource(path);
    if (isTypeScript(path) && tsconfig !== undefined) return false;
    return parser.parse(path, authored, (file) => isModule(parser.ts, file));
  } catch {
    // the file or a parser is missing, which is reported where the file is loaded
    return false;
  }
}

function declaredIn(directory: string): Format | undefined {
  if (declared.has(directory)) return declared.get(directory);
  const manifest = join(directory, 'package.json');
  const parent = dirname(directory);
  const found = existsSync(manifest) ? typeIn(manifest) : parent === directory ? undefined : declaredIn(parent);
  declared.set(directory, found);
  return found;
}

function typeIn(manifest: string): Format | undefined {
  try {
    const { type } = JSON.parse(readFileSync(manifest, 'utf8'));
    return type === 'module' || type === 'commonjs' ? type : undefined;
  } catch {
    // Node reports what is wrong with it when it reads it itself.
    return undefined;
  }
}
