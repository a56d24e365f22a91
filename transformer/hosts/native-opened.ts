// A project of the native compiler: first its configuration is read, which decides how it is built, then its program is opened. One API
// process serves all projects of a build.

import { dirname, isAbsolute, sep } from 'node:path';
import type { Api, Layers, Native, ParsedConfiguration, Program, Snapshot } from './native-api.js';
import { NativeUnavailableError } from './native-api.js';
import type { NativeAst } from './native-compiler.js';
import type { Built } from './native-request.js';
import { type NativeTexts, nativeTexts, writtenIn } from './native-texts.js';

export interface NativeHost {
  readonly native: Native;
  readonly fs: Layers;
  readonly ast: NativeAst;
  readonly version: string;
  readonly api: Api;
}

export interface NativeProject {
  readonly configPath: string;
  readonly parsed: ParsedConfiguration;
  readonly texts: NativeTexts;
}

export interface Opened {
  readonly authored: Snapshot;
  readonly program: Program;
}

export async function readProject({ api, ast, version }: NativeHost, configPath: string): Promise<NativeProject> {
  const [parsed, written] = await Promise.all([api.parseConfigFile(configPath), writtenIn(api, configPath)]);
  return { configPath, parsed, texts: nativeTexts({ ast, version }, { path: configPath, parsed, written }) };
}

/** Reads the files as they are now. The snapshot is the caller's to dispose of. */
export async function openProject({ api }: NativeHost, { configPath }: NativeProject): Promise<Opened> {
  const authored = await api.createSnapshot({ openProjects: [configPath], fileNotifications: { invalidateAll: true } });
  const program = authored.getConfiguredProject(configPath)?.program;
  if (program === undefined) throw new NativeUnavailableError(`TypeScript found no project at ${configPath}.`);
  return { authored, program };
}

/** Directories and files to watch. Without its program, what a project imports from elsewhere is not among them. */
export async function inputsOfBuild(
  projects: readonly (NativeProject & { readonly program?: Program | undefined })[],
): Promise<Pick<Built, 'directories' | 'files'>> {
  const named = projects.flatMap(({ configPath, parsed }) => [configPath, ...parsed.fileNames]);
  const directories: string[] = [];
  for (const one of [...new Set(named.filter(isOwn).map((file) => dirname(file)))].sort((a, b) => a.length - b.length))
    if (!directories.some((above) => one.startsWith(above + sep))) directories.push(one);
  const imported = await Promise.all(projects.map(async ({ program }) => (await program?.getSourceFileNames()) ?? []));
  const extended = projects.flatMap(({ texts }) => texts.configuration.extended ?? []);
  return { directories, files: [...new Set([...extended, ...imported.flat().filter(isOwn)])] };
}

/** Not of a package, of the compiler (`bundled:///libs/...`), or what a build may have written. */
const isOwn = (file: string): boolean => isAbsolute(file) && !/[\\/]node_modules[\\/]|\.d\.[cm]?ts$/.test(file);
