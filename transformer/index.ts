// `spanwright/transformer`: the entry that tsconfig.json names under `plugins`. Read by ts-patch; not for people.

import type ts from 'typescript';
import { type HostExtras, transformerFor } from './hosts/tspc.js';

/** Entry point for ts-patch: `{ "transform": "spanwright/transformer", "namespace": "carbide" }`. */
export default function spanwright(
  program: ts.Program | undefined,
  config: Readonly<Record<string, unknown>>,
  extras: HostExtras,
): ts.TransformerFactory<ts.SourceFile> {
  return transformerFor(program, config, extras);
}

export { DIAGNOSTICS } from './diagnostics.js';
