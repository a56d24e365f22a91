// The native compiler, TypeScript 7.1 and later, which takes no transformer: diagnostics and declarations come from the program as
// authored, JavaScript from the same program over a layer that holds the instrumented texts. Both are made at the same time. Driven by
// `spanwright build`.

import { NativeUnavailableError, nativeApi, type Program, type Said } from './native-api.js';
import { declares, diagnosticOf, diagnosticsOf, errorsIn, sorted } from './native-diagnostics.js';
import { instrumentedScript, NOTHING, writeEmitted } from './native-emit.js';
import { nativeTexts, pluginsOf, transformed } from './native-texts.js';
import { reportsOfSettings } from './texts.js';

export interface Built {
  /** As `tsc` exits: 0 without errors, 1 with errors and nothing written, 2 with errors. */
  readonly exit: number;
  readonly errors: number;
  /** The diagnostics as text, ending in a new line unless empty. */
  readonly output: string;
  readonly sites: number;
}

export interface NativeBuilder {
  build(options: { noEmit: boolean; pretty: boolean }): Promise<Built>;
  close(): Promise<void>;
}

/** @throws NativeUnavailableError where the TypeScript of the project cannot do it. */
export function nativeBuilder(configPath: string): NativeBuilder {
  const { native, fs, ast, version } = nativeApi(configPath);
  const { EmitOnly } = native;
  const api = new native.API({ cwd: process.cwd() });

  async function build({ noEmit, pretty }: { noEmit: boolean; pretty: boolean }): Promise<Built> {
    const [parsed, authored, plugins] = await Promise.all([
      api.parseConfigFile(configPath),
      api.createSnapshot({ openProjects: [configPath], fileNotifications: { invalidateAll: true } }),
      pluginsOf(api, configPath),
    ]);
    const { options, raw = {} } = parsed;
    const program = authored.getConfiguredProject(configPath)?.program;
    if (program === undefined) throw new NativeUnavailableError(`TypeScript found no project at ${configPath}.`);
    const texts = nativeTexts({ ast, version }, { path: configPath, parsed, plugins });
    const writes = !(noEmit || options.noEmit);
    const cautious = options.noEmitOnError === true;

    async function script(program: Program) {
      const found = await transformed(program, texts, options);
      if (!writes || found.changed.size === 0) return { ...found, files: undefined };
      return { ...found, files: await instrumentedScript({ native, fs, authored, configPath, raw }, found.changed) };
    }

    const settled = reportsOfSettings(texts.faults);
    // Declarations wait for no forwarder, unless an error of either kind is to keep them from being written.
    const checked = diagnosticsOf(program, options, !writes || cautious);
    const declared = (): Promise<Said> => (declares(options) ? program.emit(EmitOnly.OnlyDts) : Promise.resolve(NOTHING));
    const early = writes && !cautious ? checked.then(declared) : undefined;
    // The checker is at work while the forwarders are planned and the instrumented program is emitted.
    const [found, { changed, reports, sites, files }] = await Promise.all([checked, script(program)]);
    const before = [...found, ...[...settled, ...reports].map((report) => diagnosticOf(report, texts.project))];
    const emits = writes && !(cautious && errorsIn(before) > 0);
    const written = (): Promise<Said> => (files === undefined ? program.emit(EmitOnly.OnlyJs) : writeEmitted(files, changed));
    const said = emits ? await Promise.all([early ?? declared(), written()]) : [];
    await authored.dispose();
    const diagnostics = sorted([...before, ...said.flatMap((one) => one.diagnostics)]);
    const errors = errorsIn(diagnostics);
    const format = pretty ? native.formatDiagnosticsWithColorAndContext : native.formatDiagnostics;
    const exit = errors === 0 ? 0 : emits || !writes ? 2 : 1;
    return { exit, errors, sites, output: format(diagnostics, api) };
  }

  return { build, close: () => api.close() };
}
