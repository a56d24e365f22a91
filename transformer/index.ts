// `spanwright/transformer`: the entry that tsconfig.json names under `plugins`, read by ts-patch, and the one that nest-cli.json
// names, read by Nest's own command. Not for people. The module is the function itself, which `import` and `require` give alike.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import type ts from 'typescript';
import type { Compiler } from './core/compiler.js';
import { type HostExtras, transformerFor } from './hosts/tspc.js';

/** Entry point for ts-patch: `{ "transform": "spanwright/transformer", "namespace": "carbide" }`. */
function spanwright(
  program: ts.Program | undefined,
  config: Readonly<Record<string, unknown>>,
  extras: HostExtras,
): ts.TransformerFactory<ts.SourceFile> {
  return transformerFor(program, config, extras);
}

/**
 * Entry point for Nest's command: `"plugins": [{ "name": "spanwright/transformer", "options": { "namespace": "carbide" } }]`. It
 * passes no compiler and accepts no diagnostics: the compiler is the project's, as Nest itself chooses it, and what is wrong is
 * printed.
 */
function before(
  options: Readonly<Record<string, unknown>> | undefined,
  program: ts.Program | undefined,
): ts.TransformerFactory<ts.SourceFile> {
  const compiler = createRequire(join(process.cwd(), 'package.json'))('typescript') as Compiler;
  return transformerFor(program, options ?? {}, { ts: compiler });
}

// Not enumerable and not in the types: for Nest's command, which looks for it on what `require` gives.
Object.defineProperty(spanwright, 'before', { value: before });

export = spanwright;
