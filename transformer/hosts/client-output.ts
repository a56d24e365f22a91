// Which output of a bundler is for browsers or edge runtimes, where nothing can be recorded: the plugin leaves its files alone. One function
// a bundler; where a bundler does not know, the output counts as a service's.

export interface FarmConfig {
  readonly root?: string;
  readonly compilation?: { readonly output?: { readonly targetEnv?: string } };
}

export interface EsbuildOutput {
  readonly bundle?: boolean;
  readonly format?: string;
  readonly packages?: string;
  readonly platform?: string;
  readonly target?: string | string[];
  banner?: { readonly [type: string]: string };
}

/** Decided by the environment of Vite 6 and later. Vitest runs tests for a DOM in a client environment, in Node. */
export function isViteClient(context: object): boolean {
  const { environment } = context as { environment?: { config?: { consumer?: string } } };
  return environment?.config?.consumer === 'client' && process.env.VITEST === undefined;
}

/** Decided by the target of webpack and Rspack, whose default is the web. Next compiles its edge layer for the web, too. */
export function isWebTarget(target: string | readonly string[] | false | undefined): boolean {
  return [target].flat().some((one) => one === undefined || /^(web|webworker|browserslist(?!.*node).*)$/.test(String(one)));
}

/** The default platform is the browser. A bundle with external packages, or with syntax for Node, counts as a service's. */
export function isBrowserOfEsbuild({ bundle, platform, packages, target }: EsbuildOutput): boolean {
  if (platform !== undefined) return platform === 'browser';
  return bundle === true && packages !== 'external' && !/node/.test(String(target));
}

export function isBrowserOfFarm({ compilation }: FarmConfig): boolean {
  return /^(library-)?browser/.test(compilation?.output?.targetEnv ?? '');
}
