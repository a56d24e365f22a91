// The native compiler, TypeScript 7.1 and later, which takes no transformer: what `spanwright build` drives. Projects that keep no state of
// the build go through the programming interface alone; those that do, and builds of references, leave all but the JavaScript to `tsc`.

import { nativeApi } from './native-api.js';
import { buildKept } from './native-kept.js';
import { type NativeHost, readProject } from './native-opened.js';
import { buildWhole } from './native-whole.js';

export interface Built {
  /** As `tsc` exits: 0 without errors, 1 with errors and nothing written, 2 with errors. */
  readonly exit: number;
  readonly errors: number;
  /** What is to be printed, ending in a new line unless empty. */
  readonly output: string;
  /** Absolute paths of the directories whose files it is made of, none below another. */
  readonly directories: readonly string[];
}

export interface BuildRequest {
  readonly noEmit: boolean;
  readonly pretty: boolean;
  /** The projects that it references too, as `tsc -b`. */
  readonly references: boolean;
}

export interface NativeBuilder {
  build(request: BuildRequest): Promise<Built>;
  close(): Promise<void>;
}

/** @throws NativeUnavailableError where the TypeScript of the project cannot do it. */
export function nativeBuilder(configPath: string): NativeBuilder {
  const found = nativeApi(configPath);
  // Read by the compiler's process when it starts: a build is over before collecting twice as often would have paid.
  process.env.GOGC ??= '200';
  const host: NativeHost = { ...found, api: new found.native.API({ cwd: process.cwd() }) };

  async function build(request: BuildRequest): Promise<Built> {
    const project = await readProject(host, configPath);
    const { incremental, composite } = project.parsed.options;
    if (request.references || incremental || composite) return buildKept(host, project, request);
    return buildWhole(host, project, request);
  }

  return { build, close: () => host.api.close() };
}
