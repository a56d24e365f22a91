// The loader for tools that take loaders of webpack and no plugins: Turbopack, which builds Next. Transforms the text of one file by the
// options of the entry in tsconfig.json, as the plugin for bundlers does; what compiles TypeScript comes after it.

import { join } from 'node:path';
import { installedFile } from '../core/installed.js';
import { isWebTarget } from './client-output.js';
import { parserFor } from './parse.js';
import { inputsOf, noEntry, type TextsByFile, textsByFile } from './projects.js';
import { reportsOfSettings, type Texts } from './texts.js';

/** Context of a loader in webpack, Rspack and Turbopack; Turbopack has fewer members. */
export interface LoaderContext {
  readonly resourcePath: string;
  readonly rootContext?: string;
  readonly target?: string | readonly string[];
  readonly mode?: string;
  getOptions?(): Readonly<Record<string, unknown>>;
  addDependency?(path: string): void;
  emitWarning?(warning: Error): void;
  callback(error: Error | null, code?: string, map?: object | string): void;
}

const projects = new Map<string, TextsByFile>();
const checked = new Set<Texts>();
/** Lines about missing entries that have been reported. */
const reported = new Set<string>();

/** @param map of a loader in front of this one; passed on where nothing changes */
export function loadSource(context: LoaderContext, source: string, map: object | string | undefined): void {
  try {
    const { resourcePath: path, target } = context;
    const texts = target !== undefined && isWebTarget(target) ? undefined : textsFor(context);
    const found = texts?.transform(path, source);
    for (const other of texts === undefined ? [] : inputsOf(texts, found)) context.addDependency?.(other);
    const wrong = found?.reports.filter(({ severity }) => severity === 'error') ?? [];
    if (wrong.length > 0) throw new Error(wrong.map(({ line }) => line).join('\n'));
    for (const { line } of found?.reports ?? []) context.emitWarning?.(new Error(line));
    const entry = texts && noEntry(texts, found);
    if (entry !== undefined && !reported.has(entry)) {
      reported.add(entry);
      context.emitWarning?.(new Error(entry));
    }
    if (found?.printed === undefined) context.callback(null, source, map);
    else context.callback(null, found.printed.code, found.printed.map);
  } catch (error) {
    context.callback(error as Error);
  }
}

/** @throws Error for a wrong option of the plugin */
function textsFor(context: LoaderContext): Texts {
  const { rootContext: directory = process.cwd(), resourcePath } = context;
  const options = context.getOptions?.() ?? {};
  const key = `${directory}\n${JSON.stringify(options)}`;
  let byFile = projects.get(key);
  if (byFile === undefined) {
    const { mode = process.env.NODE_ENV } = context;
    byFile = textsByFile({
      ...{ parser: parserFor(directory), directory, options, staticBlocks: 'typescript', purpose: 'bundle' },
      reloadable: mode === 'development',
    });
    projects.set(key, byFile);
  } else byFile.refresh();
  // options of the root hold for installed packages
  const texts = byFile(installedFile(resourcePath) === undefined ? resourcePath : join(directory, 'index.js'));
  if (checked.has(texts)) return texts;
  const faults = reportsOfSettings(texts.faults);
  if (faults.length > 0) throw new Error(faults.map(({ line }) => line).join('\n'));
  checked.add(texts);
  for (const line of texts.warnings) context.emitWarning?.(new Error(line));
  return texts;
}
