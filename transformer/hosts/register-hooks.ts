// The hooks by which Node resolves and loads TypeScript. `resolve` and `load` run in the loader's thread, for Node before 22.15; the
// synchronous hooks are registered in the main thread where Node has `module.registerHooks`.

import { dirname, isAbsolute, resolve as join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { typeScriptFor } from './source-files.js';
import {
  compiledSource,
  type Format,
  formatOf,
  instrumentedSource,
  isTypeScript,
  type SourceOptions,
  setSourceOptions,
} from './sources.js';

interface Context {
  readonly parentURL?: string | undefined;
}

interface Resolved {
  readonly url: string;
  readonly format?: string | null;
  readonly shortCircuit?: boolean;
}

interface Loaded {
  readonly format: string;
  readonly source?: unknown;
  readonly shortCircuit?: boolean;
}

/** Data that the main thread passes to the loader's thread. */
export interface RegisterData {
  readonly options: SourceOptions;
  readonly warned: Int32Array;
}

export async function resolve(
  specifier: string,
  context: Context,
  next: (specifier: string, context: Context) => Promise<Resolved>,
): Promise<Resolved> {
  try {
    return await next(specifier, context);
  } catch (error) {
    return instead(specifier, context, error);
  }
}

export function resolveSync(
  specifier: string,
  context: Context,
  next: (specifier: string, context: Context) => Resolved,
): Resolved {
  try {
    return next(specifier, context);
  } catch (error) {
    return instead(specifier, context, error);
  }
}

/** The TypeScript file in place of a missing one. @throws Node's own error if there is none. */
function instead(specifier: string, { parentURL }: Context, error: unknown): Resolved {
  const path = pathOfSpecifier(specifier, parentURL);
  const found = path === undefined ? undefined : typeScriptFor(path);
  if (found === undefined) throw error;
  return { url: pathToFileURL(found).href, format: formatOf(found), shortCircuit: true };
}

function pathOfSpecifier(specifier: string, parentURL: string | undefined): string | undefined {
  if (specifier.startsWith('file:')) return fileURLToPath(specifier);
  if (isAbsolute(specifier)) return specifier;
  if (!/^\.{1,2}(\/|$)/.test(specifier) || parentURL?.startsWith('file:') !== true) return undefined;
  return join(dirname(fileURLToPath(parentURL)), specifier);
}

export async function load(
  url: string,
  context: object,
  next: (url: string, context: object) => Promise<Loaded>,
): Promise<Loaded> {
  const path = typeScriptAt(url);
  if (path === undefined) {
    const found = javaScriptAt(url);
    // CommonJS is transformed by `require`, in the main thread
    if (found === undefined || found.format === 'commonjs') return next(url, context);
    const source = instrumentedSource(found.path, 'module');
    return source === undefined ? next(url, context) : { format: 'module', source, shortCircuit: true };
  }
  const format: Format = formatOf(path);
  // CommonJS is left to `require`, for which the main thread has registered TypeScript, so that modules share its cache.
  return { format, source: format === 'commonjs' ? null : compiledSource(path, format), shortCircuit: true };
}

export function loadSync(url: string, context: object, next: (url: string, context: object) => Loaded): Loaded {
  const path = typeScriptAt(url);
  if (path === undefined) {
    const found = javaScriptAt(url);
    const source = found && instrumentedSource(found.path, found.format);
    return source === undefined ? next(url, context) : { format: found?.format ?? 'commonjs', source, shortCircuit: true };
  }
  const format = formatOf(path);
  return { format, source: compiledSource(path, format), shortCircuit: true };
}

function typeScriptAt(url: string): string | undefined {
  if (!url.startsWith('file:')) return undefined;
  const path = fileURLToPath(url);
  return isTypeScript(path) ? path : undefined;
}

function javaScriptAt(url: string): { path: string; format: Format } | undefined {
  if (!/^file:.*\.[cm]?jsx?$/.test(url)) return undefined;
  const path = fileURLToPath(url);
  return { path, format: formatOf(path) };
}

/** Called in the loader's thread with what `register` was given. */
export function initialize({ options, warned }: RegisterData): void {
  setSourceOptions(options, warned);
}
