// Output of the native build: JavaScript of printed texts, with source maps that are composed to lead to the authored ones.

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { chained, type Source } from '../print/chain.js';
import type { EmitResult, Emitted, ParsedConfiguration, Snapshot } from './native-api.js';
import type { NativeHost } from './native-opened.js';

const INLINE = /^(\/\/# sourceMappingURL=data:application\/json;base64,)([A-Za-z0-9+/=]+)\s*$/m;

/** The empty result: no diagnostics, no files. */
export const NOTHING: EmitResult = { diagnostics: [] };

interface Layered {
  readonly authored: Snapshot;
  readonly configPath: string;
  readonly parsed: ParsedConfiguration;
}

/** The JavaScript of the program with printed texts in place of the authored ones, as files. */
export async function instrumentedScript(
  { native, fs }: Pick<NativeHost, 'native' | 'fs'>,
  { authored, configPath, parsed: { raw = {} } }: Layered,
  printed: ReadonlyMap<string, Source>,
): Promise<Emitted['outputFiles']> {
  // The types of forwarders do not matter: the layer is emitted as it is, also where the checker would report errors.
  const unchecked = { noCheck: true, noEmitOnError: false, incremental: false, composite: false };
  const config = JSON.stringify({ ...raw, compilerOptions: { ...raw.compilerOptions, ...unchecked } });
  const texts = [...printed].map(([path, { printed }]) => [path, printed.code] as const);
  const fileSystem = fs.createFileSystemLayer([...texts, [configPath, config]]);
  const instrumented = await authored.update({ openProjects: [configPath], fileSystem });
  const emitted = await instrumented.getConfiguredProject(configPath)?.program.emitToString(native.EmitOnly.OnlyJs);
  await instrumented.dispose();
  if (emitted === undefined || emitted.emitSkipped) throw new Error('the compiler emitted nothing of the instrumented texts');
  return emitted.outputFiles;
}

/**
 * Writes what the compiler emitted of printed texts, with maps that lead to the authored ones; while one is written, the map of
 * the next is composed.
 */
export async function writeEmitted(
  files: ReadonlyMap<string, { text: string }>,
  printed: ReadonlyMap<string, Source>,
): Promise<EmitResult> {
  const folders = new Set([...files.keys()].map(dirname));
  await Promise.all([...folders].map((folder) => mkdir(folder, { recursive: true })));
  const writing: Promise<void>[] = [];
  for (const [path, { text }] of files) {
    writing.push(writeFile(path, authoredMaps(path, text, printed)));
    // Each write is several steps of the event loop.
    if (writing.length % STEPS === 0) await new Promise((next) => setImmediate(next));
  }
  await Promise.all(writing);
  return NOTHING;
}

/** Files whose maps are composed between two turns of the event loop. */
const STEPS = 8;

function authoredMaps(path: string, text: string, printed: ReadonlyMap<string, Source>): string {
  const lead = (map: string): string => {
    const root = (JSON.parse(map) as { sourceRoot?: string }).sourceRoot;
    return chained(map, (source) => printed.get(resolved(dirname(path), source, root, printed)));
  };
  if (path.endsWith('.map')) return lead(text);
  const inline = INLINE.exec(text);
  if (inline === null) return text;
  const map = lead(Buffer.from(inline[2] as string, 'base64').toString('utf8'));
  return text.replace(INLINE, (_all, head) => head + Buffer.from(map).toString('base64'));
}

/** With a root of the user's own the names are relative to the sources' root, and only their ends can be compared. */
function resolved(base: string, source: string, root: string | undefined, printed: ReadonlyMap<string, Source>): string {
  const path = join(base, source).replace(/\\/g, '/');
  if (root === undefined || printed.has(path)) return path;
  return [...printed.keys()].find((one) => one.endsWith(`/${source}`)) ?? path;
}
