// Makes Node load the TypeScript of a project with the transformer: `node --import spanwright/register app.ts`. For development;
// programs in production are built. Registers once a process.

import * as nodeModule from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadSync, type RegisterData, resolveSync } from './register-hooks.js';
import { typeScriptFor } from './source-files.js';
import { formatOf, newWarned, requiredSource, type SourceOptions, setSourceOptions } from './sources.js';

type Handler = (module: CompiledModule, path: string) => void;

interface Loader {
  readonly _extensions: Record<string, Handler | undefined>;
  _resolveFilename(request: string, parent: { readonly path?: string } | undefined, ...rest: unknown[]): string;
}

interface CompiledModule {
  _compile(code: string, path: string, format: 'commonjs'): void;
}

interface Hooks {
  registerHooks?(hooks: { resolve: typeof resolveSync; load: typeof loadSync }): { deregister(): void };
  register(url: string, parent: string, options: { data: RegisterData }): void;
}

let registered = false;

/** @param options of the plugin, over those of tsconfig.json */
export function registerSources(options: SourceOptions = {}): void {
  if (registered) return;
  registered = true;
  const warned = newWarned();
  setSourceOptions(options, warned);
  process.setSourceMapsEnabled(true);
  const hooks = nodeModule as unknown as Hooks;
  const loader = (nodeModule as unknown as { Module: Loader }).Module;
  if (hooks.registerHooks !== undefined) {
    registerInFront(hooks.registerHooks, loader);
    return;
  }
  // Node before 22.15: ES modules by a loader in a thread of its own, CommonJS by `require` itself.
  const data = { options, warned };
  hooks.register(pathToFileURL(join(__dirname, 'register-hooks.js')).href, pathToFileURL(__filename).href, { data });
  requireTypeScript(loader);
}

/**
 * Registers the hooks, and registers them again when the program's entry loads, because hooks of tools that are preloaded later would
 * otherwise run first.
 */
function registerInFront(registerHooks: NonNullable<Hooks['registerHooks']>, loader: Loader): void {
  const hooks = { resolve, load: loadSync };
  let inForce = registerHooks(hooks);

  function resolve(...[specifier, context, next]: Parameters<typeof resolveSync>): ReturnType<typeof resolveSync> {
    const resolved = resolveSync(specifier, context, next);
    takeExtensions(loader);
    if (context.parentURL === undefined) {
      inForce.deregister();
      inForce = registerHooks(hooks);
    }
    return resolved;
  }
}

function requireTypeScript(loader: Loader): void {
  takeExtensions(loader);
  const find = loader._resolveFilename;
  loader._resolveFilename = function resolveFilename(request, parent, ...rest) {
    takeExtensions(loader);
    try {
      return find.call(this, request, parent, ...rest);
    } catch (error) {
      const own = /^\.{1,2}(\/|$)/.test(request) && parent?.path !== undefined;
      const found = own ? typeScriptFor(join(parent.path, request)) : undefined;
      if (found === undefined) throw error;
      return found;
    }
  };
}

const EXTENSIONS = ['.ts', '.tsx', '.cts', '.cjs', '.js'] as const;
const installed = new Map<string, Handler>();

/** Puts the extension handlers of `require` in front of those that other tools (tsx) have registered since. */
function takeExtensions({ _extensions }: Loader): void {
  for (const extension of EXTENSIONS) {
    const before = _extensions[extension];
    if (before !== undefined && before === installed.get(extension)) continue;
    const handler = handlerBefore(before ?? (_extensions['.js'] as Handler));
    installed.set(extension, handler);
    _extensions[extension] = handler;
  }
}

function handlerBefore(before: Handler): Handler {
  return function requireSource(module, path) {
    const source = formatOf(path) === 'commonjs' ? requiredSource(path) : undefined;
    if (source === undefined) before(module, path);
    else module._compile(source, path, 'commonjs');
  };
}
