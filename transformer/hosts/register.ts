// Teaches Node to load the TypeScript of a project with the transformer: `node --import spanwright/register app.ts`. For development;
// programs in production are built. Registers once a process.

import * as nodeModule from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadSync, resolveSync } from './register-hooks.js';
import { typeScriptFor } from './source-files.js';
import { compiledSource, formatOf, instrumentedSource, isTypeScript, type SourceOptions, setSourceOptions } from './sources.js';

interface Loader {
  readonly _extensions: Record<string, (module: CompiledModule, path: string) => void>;
  _resolveFilename(request: string, parent: { readonly path?: string } | undefined, ...rest: unknown[]): string;
}

interface CompiledModule {
  _compile(code: string, path: string): void;
}

interface Hooks {
  registerHooks?(hooks: { resolve: typeof resolveSync; load: typeof loadSync }): void;
  register(url: string, parent: string, options: { data: SourceOptions }): void;
}

let registered = false;

/** @param options of the plugin, over those of tsconfig.json */
export function registerSources(options: SourceOptions = {}): void {
  if (registered) return;
  registered = true;
  setSourceOptions(options);
  process.setSourceMapsEnabled(true);
  const hooks = nodeModule as unknown as Hooks;
  if (hooks.registerHooks !== undefined) {
    hooks.registerHooks({ resolve: resolveSync, load: loadSync });
    return;
  }
  // Node before 22.15: ES modules by a loader in a thread of its own, CommonJS by `require` itself.
  hooks.register(pathToFileURL(join(__dirname, 'register-hooks.js')).href, pathToFileURL(__filename).href, { data: options });
  requireTypeScript((nodeModule as unknown as { Module: Loader }).Module);
}

function requireTypeScript(loader: Loader): void {
  const javascript = loader._extensions['.js'] as Loader['_extensions'][string];
  for (const extension of ['.ts', '.tsx', '.cts'])
    loader._extensions[extension] = (module, path) => {
      if (isTypeScript(path)) module._compile(compiledSource(path, 'commonjs'), path);
      else javascript(module, path);
    };
  for (const extension of ['.js', '.cjs'])
    loader._extensions[extension] = (module, path) => {
      const source = formatOf(path) === 'commonjs' ? instrumentedSource(path, 'commonjs') : undefined;
      if (source === undefined) javascript(module, path);
      else module._compile(source, path);
    };
  const find = loader._resolveFilename;
  loader._resolveFilename = function resolveFilename(request, parent, ...rest) {
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
