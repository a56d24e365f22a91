// Outputs of a bundler: several may be built with one instance of the plugin, also at the same time (environments of Vite,
// builds of esbuild). unplugin makes an instance for each compiler of webpack and Rspack.

import { resolve } from 'node:path';
import type { UnpluginBuildContext } from 'unplugin' with { 'resolution-mode': 'import' };
import { lowersBlocksAt } from './block-target.js';
import { isViteClient } from './client-output.js';

export interface Output {
  /** The bundler's own root. */
  readonly root: string;
  /** For browsers or edge runtimes, where nothing is recorded. */
  readonly client: boolean;
  /** The bundler compiles static blocks away. */
  readonly renames: boolean;
  /** The bundler watches, and what it builds may load files again after an edit. */
  readonly reloadable: () => boolean;
  /** tsconfig from esbuild's own options, which holds for all files unless the plugin's `tsconfig` is given. */
  readonly given: string | undefined;
}

interface Outputs {
  /** Output that a file is transformed for, by the context of the hook. Without one: the output that was set up last. */
  of(context?: HookContext): Output;
  /** Sets up an output. @param key the build of esbuild; left out where an instance has one output after the other */
  set(output: Partial<Output>, key?: object): void;
}

type HookContext = Partial<Pick<UnpluginBuildContext, 'getNativeBuildContext'>>;

export function outputsOf(): Outputs {
  let last: Output = { root: process.cwd(), client: false, renames: false, reloadable: () => false, given: undefined };
  const byKey = new WeakMap<object, Output>();

  function of(context: HookContext = {}): Output {
    const key = keyOf(context);
    const output = (key && byKey.get(key)) ?? last;
    return viteOutput(output, context);
  }

  function set({ root, ...output }: Partial<Output>, key?: object): void {
    last = { ...last, ...output, root: resolve(root ?? last.root) };
    if (key !== undefined) byKey.set(key, last);
  }

  return { of, set };
}

function keyOf({ getNativeBuildContext }: HookContext): object | undefined {
  const native = getNativeBuildContext?.();
  return native?.framework === 'esbuild' ? native.build : undefined;
}

/** The environments of Vite 6 and later each have a consumer and a target. */
function viteOutput(output: Output, context: object): Output {
  const { environment } = context as { environment?: { config: { command: string; build: { target?: unknown } } } };
  if (environment === undefined) return output;
  const { command, build } = environment.config;
  return { ...output, client: isViteClient(context), renames: command === 'build' && lowersBlocksAt(build.target) };
}
