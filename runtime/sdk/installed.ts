// Finds packages that the user installs: beside this package, beside the program's main file, or in the working directory, in this order
// (package managers that keep packages apart hide them from the first).

import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A `require` that resolves the package, or undefined. */
export function requireFor(name: string): NodeJS.Require | undefined {
  // in a bundle of ES modules there is no __filename
  const from = [typeof __filename === 'string' ? __filename : undefined, process.argv[1], join(process.cwd(), 'package.json')];
  for (const file of from) {
    if (file === undefined) continue;
    try {
      const require = createRequire(file);
      require.resolve(name);
      return require;
    } catch {
      // not there: try the next place
    }
  }
  return undefined;
}

/** Messages of bundlers for a package that was missing when they built: Rollup for ES modules, Vite, Bun. */
const notBundled = (name: string): readonly string[] => [
  'require is not defined',
  `Could not resolve "${name}"`,
  `Cannot require module ${name}`,
];

/** True when a `require` of the package failed because the package itself is missing, also in a bundle that was built without it. */
export function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  // the `require` of a single executable finds built-in modules alone
  if (code?.includes('BUILTIN')) return message.endsWith(`: ${name}`);
  if (code !== undefined) return code === 'MODULE_NOT_FOUND' && message.includes(`'${name}'`);
  return error instanceof Error && notBundled(name).some((start) => message.startsWith(start));
}
