// The native compiler, TypeScript 7.1 and later, which takes no transformer: what `spanwright build` drives. Projects that keep no state of
// the build go through the programming interface alone; those that do, and builds of references, leave all but the JavaScript to `tsc`.

import { nativeApi } from './native-api.js';
import { buildKept } from './native-kept.js';
import { type NativeHost, readProject } from './native-opened.js';
import type { BuildRequest, Built } from './native-request.js';
import { buildWhole } from './native-whole.js';

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
