// The native build of a project that keeps no state: diagnostics and declarations of the program as authored, JavaScript of the same
// program over a layer that holds the instrumented texts. Both are made at the same time.

import type { EmitResult } from './native-api.js';
import { declares, diagnosticOf, diagnosticsOf, errorsIn, sorted } from './native-diagnostics.js';
import { instrumentedScript, NOTHING, writeEmitted } from './native-emit.js';
import { inputsOfBuild, type NativeHost, type NativeProject, type Opened, openProject } from './native-opened.js';
import type { BuildRequest, Built } from './native-request.js';
import { transformed } from './native-texts.js';
import { reportsOfSettings } from './texts.js';

export async function buildWhole(host: NativeHost, project: NativeProject, request: BuildRequest): Promise<Built> {
  const opened = await openProject(host, project);
  try {
    return await buildOpened(host, project, opened, request);
  } finally {
    await opened.authored.dispose();
  }
}

async function buildOpened(
  host: NativeHost,
  project: NativeProject,
  { authored, program }: Opened,
  { noEmit, pretty }: BuildRequest,
): Promise<Built> {
  const { native, api } = host;
  const { parsed, texts, configPath } = project;
  const { options } = parsed;
  const writes = !(noEmit || options.noEmit);
  const cautious = options.noEmitOnError === true;

  async function script() {
    const found = await transformed(program, texts, options);
    if (!writes || options.emitDeclarationOnly || found.changed.size === 0) return { ...found, files: undefined };
    return { ...found, files: await instrumentedScript(host, { authored, configPath, parsed }, found.changed) };
  }

  // Declarations are emitted at once, unless an error of either kind must keep them from being written.
  const checked = diagnosticsOf(program, options, !writes || cautious);
  const declared = (): Promise<EmitResult> =>
    declares(options) ? program.emit(native.EmitOnly.OnlyDts) : Promise.resolve(NOTHING);
  const early = writes && !cautious ? checked.then(declared) : undefined;
  // The checker is at work while the forwarders are planned and the instrumented program is emitted.
  const [found, { changed, reports, files }] = await Promise.all([checked, script()]);
  const own = [...reportsOfSettings(texts.faults), ...reports].map((report) => diagnosticOf(report, texts.project));
  const emits = writes && !(cautious && errorsIn([...found, ...own]) > 0);
  const written = (): Promise<EmitResult> =>
    files === undefined ? program.emit(native.EmitOnly.OnlyJs) : writeEmitted(files, changed);
  const results = emits ? await Promise.all([early ?? declared(), written()]) : [];
  const diagnostics = sorted([...found, ...own, ...results.flatMap((one) => one.diagnostics)]);
  const errors = errorsIn(diagnostics);
  const format = pretty ? native.formatDiagnosticsWithColorAndContext : native.formatDiagnostics;
  const count = pretty && errors > 0 ? `\nFound ${errors} error${errors === 1 ? '' : 's'}.\n` : '';
  const exit = errors === 0 ? 0 : emits || !writes ? 2 : 1;
  return { exit, errors, output: format(diagnostics, api) + count, ...(await inputsOfBuild([{ ...project, program }])) };
}
