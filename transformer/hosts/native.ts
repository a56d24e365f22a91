// The native compiler, TypeScript 7.1 and later, which takes no transformer: what `spanwright build` drives. Projects that keep no state of
// the build go through the programming interface alone; those that do, and builds of references, leave all but the JavaScript to `tsc`.

import { nativeApi } from './native-api.js';
import { buildKept } from './native-kept.js';
import { type NativeHost, type NativeProject, readProject } from './native-opened.js';
import type { BuildRequest, Built } from './native-request.js';
import { buildWhole } from './native-whole.js';

export interface NativeBuilder {
  build(request: BuildRequest): Promise<Built>;
  close(): Promise<void>;
}

/**
 * @param configPaths More than one with `references` only. The TypeScript of the first builds all of them.
 * @throws NativeUnavailableError where that TypeScript cannot do it.
 */
export function nativeBuilder(configPaths: readonly [string, ...string[]]): NativeBuilder {
  const found = nativeApi(configPaths[0]);
  // Read by the compiler's process when it starts: a build ends before more frequent garbage collection would pay off.
  process.env.GOGC ??= '200';
  const host: NativeHost = { ...found, api: new found.native.API({ cwd: process.cwd() }) };

  async function build(request: BuildRequest): Promise<Built> {
    const projects = await Promise.all(configPaths.map((path) => readProject(host, path)));
    const [project] = projects as [NativeProject];
    const { incremental, composite } = project.parsed.options;
    if (request.references || incremental || composite) return buildKept(host, projects, request);
    return buildWhole(host, project, request);
  }

  return { build, close: () => host.api.close() };
}
