// Targets at which esbuild and Oxc compile static blocks away and rename the class, by what the options of a bundler name.

/** First releases with static blocks. */
const SINCE: Readonly<Record<string, string>> = {
  es: '2022',
  chrome: '94',
  deno: '1.14',
  edge: '94',
  firefox: '93',
  ios: '16.4',
  node: '16.11',
  opera: '80',
  safari: '16.4',
};

/** @param target one, a list with commas, or an array: `es2020`, `node14,chrome80`. Unknown ones and `esnext` count as new. */
export function lowersBlocksAt(target: unknown): boolean {
  return [target].flat().some((given) =>
    String(given)
      .split(',')
      .some((one) => {
        const [, engine = '', version = ''] = /^([a-z]+)([\d.]+)$/i.exec(one.trim()) ?? [];
        const since = SINCE[engine.toLowerCase()];
        return since !== undefined && ordinal(version) < ordinal(since);
      }),
  );
}

function ordinal(version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major * 1000 + minor;
}
