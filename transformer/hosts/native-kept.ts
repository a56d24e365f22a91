// The native build of projects that keep a state (`incremental`, `composite`, `-b`). The programming interface writes no `.tsbuildinfo`, so
// `tsc` itself checks, declares and keeps the state; the JavaScript that it wrote is replaced by that of the instrumented texts, and what
// it found up to date is left alone. The next build repairs the output of an interrupted one.

import { existsSync } from 'node:fs';
import { dirname, extname, join, resolve, sep } from 'node:path';
import type { Diagnostic } from './native-api.js';
import { diagnosticOf, errorsIn, sorted } from './native-diagnostics.js';
import { instrumentedScript, writeEmitted } from './native-emit.js';
import { inputsOfBuild, type NativeHost, type NativeProject, type Opened, openProject, readProject } from './native-opened.js';
import type { BuildRequest, Built } from './native-request.js';
import { type State, takeState } from './native-state.js';
import { transformed } from './native-texts.js';
import { type Compiled, tsc } from './native-tsc.js';
import { reportsOfSettings } from './texts.js';

type Plan = Awaited<ReturnType<typeof transformed>>;

/** A project, as far as this build has opened it. */
interface Kept extends NativeProject {
  readonly state: State;
  looked: (Opened & { readonly plan: Plan }) | undefined;
}

export async function buildKept(host: NativeHost, named: readonly NativeProject[], request: BuildRequest): Promise<Built> {
  const projects = request.references ? await referenced(host, named) : named;
  const all = projects.map((one): Kept => ({ ...one, state: takeState(one), looked: undefined }));
  try {
    const paths = named.map(({ configPath }) => configPath);
    return await compileThenReplace(host, paths, request, all);
  } finally {
    for (const { looked } of all) await looked?.authored.dispose();
  }
}

async function compileThenReplace(
  host: NativeHost,
  paths: readonly string[],
  request: BuildRequest,
  all: readonly Kept[],
): Promise<Built> {
  const { references, pretty } = request;
  // With noEmitOnError the transformer's errors must be known before files are written.
  const cautious = all.filter(({ parsed }) => parsed.options.noEmitOnError);
  for (const one of cautious) await planOnce(host, one);
  const refused = errorsIn(cautious.flatMap(diagnosticsOf)) > 0;
  const noEmit = request.noEmit || refused;
  const compiled = await tsc(paths[0] as string, [references ? '-b' : '-p', ...paths, ...(noEmit ? ['--noEmit'] : [])], {
    pretty,
  });
  for (const one of all) {
    if (noEmit || one.parsed.options.noEmit) await planOnce(host, one);
    else await replace(host, one, compiled);
  }
  const own = sorted(all.flatMap(diagnosticsOf));
  const format = pretty ? host.native.formatDiagnosticsWithColorAndContext : host.native.formatDiagnostics;
  const exit = refused ? 1 : compiled.exit === 0 && errorsIn(own) > 0 ? 2 : compiled.exit;
  const output = compiled.output + format(own, host.api);
  const inputs = await inputsOfBuild(all.map((one) => ({ ...one, program: one.looked?.program })));
  return { exit, errors: compiled.errors + errorsIn(own), output, ...inputs };
}

/** Plans a project, once. */
async function planOnce(host: NativeHost, one: Kept): Promise<NonNullable<Kept['looked']>> {
  if (one.looked === undefined) {
    const opened = await openProject(host, one);
    one.looked = { ...opened, plan: await transformed(opened.program, one.texts, one.parsed.options) };
  }
  return one.looked;
}

/** Puts the instrumented JavaScript in place of what `tsc` wrote; of all files where the last build was not complete. */
async function replace(host: NativeHost, one: Kept, { written, exit }: Compiled): Promise<void> {
  const { state, configPath, parsed } = one;
  const folder = parsed.options.outDir ?? dirname(configPath);
  // With errors that keep files from being written, existing output is not changed.
  const whole = !state.holds && exit !== SKIPPED;
  if (whole || [...written].some((path) => /\.[cm]?jsx?$/.test(path) && path.startsWith(folder + sep))) {
    const { authored, plan } = await planOnce(host, one);
    if (plan.changed.size > 0 && !parsed.options.emitDeclarationOnly) {
      const files = await instrumentedScript(host, { authored, configPath, parsed }, plan.changed);
      await writeEmitted(new Map([...files].filter(([path]) => whole || written.has(path))), plan.changed);
    }
  }
  // Diagnostics that the next build must repeat are computed again, not stored.
  if ((state.holds || whole) && diagnosticsOf(one).length === 0) state.keep();
}

/** How `tsc` exits where errors kept it from writing. */
const SKIPPED = 1;

/** Diagnostics of the transformer for the planned part of a project. */
function diagnosticsOf({ texts, looked }: Kept): Diagnostic[] {
  const reports = [...reportsOfSettings(texts.faults), ...(looked?.plan.reports ?? [])];
  return reports.map((report) => diagnosticOf(report, texts.project));
}

/** Projects and all that they reference, each once, those that others need first. */
async function referenced(host: NativeHost, roots: readonly NativeProject[]): Promise<NativeProject[]> {
  const found: NativeProject[] = [];
  const seen = new Set<string>();
  async function visit(project: NativeProject): Promise<void> {
    if (seen.has(project.configPath)) return;
    seen.add(project.configPath);
    for (const { path } of project.parsed.projectReferences ?? []) {
      const target = resolve(dirname(project.configPath), path);
      const configPath = extname(target) === '.json' ? target : join(target, 'tsconfig.json');
      // `tsc` reports a missing one.
      if (existsSync(configPath)) await visit(await readProject(host, configPath));
    }
    found.push(project);
  }
  for (const root of roots) await visit(root);
  return found;
}
