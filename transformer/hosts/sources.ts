// Compiles TypeScript files one by one as Node loads them: the transformer, then the project's own TypeScript, with a source map that leads
// to the authored text. Called by the hooks of `spanwright/register`, in the main thread and in that of the loader.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { javaScriptOf, optionsForNode } from './javascript.js';
import { parserFor } from './parse.js';
import { textsByFile } from './projects.js';
import { reportsOfSettings, type Texts } from './texts.js';

export type Format = 'commonjs' | 'module';

/** What Node itself cannot load, or would load without the transformer. */
export function isTypeScript(path: string): boolean {
  return /\.[cm]?tsx?$/.test(path) && !/\.d\.[cm]?ts$/.test(path) && !/[\\/]node_modules[\\/]/.test(path);
}

let textsFor: ((path: string) => Texts) | undefined;
const checked = new Set<Texts>();

/** @throws SyntaxError for a wrong option of the plugin. */
function projectOfSource(path: string): Texts {
  textsFor ??= textsByFile({ parser: parserFor(dirname(path)), directory: process.cwd(), purpose: 'run' });
  const texts = textsFor(path);
  if (checked.has(texts)) return texts;
  checked.add(texts);
  const faults = reportsOfSettings(texts.faults);
  if (faults.length > 0) throw new SyntaxError(faults.map(({ line }) => line).join('\n'));
  return texts;
}

/** @throws SyntaxError for misuse that the transformer finds. */
export function compiledSource(path: string, format: Format): string {
  const { parser, configuration, transform } = projectOfSource(path);
  const authored = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  const found = transform(path, authored, format === 'commonjs');
  const wrong = found?.reports.filter(({ severity }) => severity === 'error') ?? [];
  if (wrong.length > 0) throw new SyntaxError(wrong.map(({ line }) => line).join('\n'));
  for (const { line } of found?.reports ?? []) process.emitWarning(line, { code: 'SPANWRIGHT' });
  const options = optionsForNode(parser.ts, configuration.options, format === 'commonjs');
  const { code, map } = javaScriptOf(parser, { path, authored, printed: found?.printed, options });
  if (map === undefined) return code;
  return `${code}//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}\n`;
}

const formats = new Map<string, Format>();

/** By the extension, else by the nearest package.json, as Node has it. */
export function formatOf(path: string): Format {
  if (/\.mts$/.test(path)) return 'module';
  return /\.cts$/.test(path) ? 'commonjs' : formatIn(dirname(path));
}

function formatIn(directory: string): Format {
  const known = formats.get(directory);
  if (known !== undefined) return known;
  const manifest = join(directory, 'package.json');
  const parent = dirname(directory);
  const found = existsSync(manifest) ? typeIn(manifest) : parent === directory ? 'commonjs' : formatIn(parent);
  formats.set(directory, found);
  return found;
}

function typeIn(manifest: string): Format {
  try {
    return JSON.parse(readFileSync(manifest, 'utf8')).type === 'module' ? 'module' : 'commonjs';
  } catch {
    // Node says what is wrong with it when it reads it itself.
    return 'commonjs';
  }
}
