// The checks of a project that need no running service: Node, the packages, the compiler, the plugin's entry, and whether what was built has
// been through the transformer.

import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { readBoundedFile } from '../../runtime/text/bounded-file.js';
import { counted } from '../../runtime/text/counted.js';
import { describeFound } from '../../runtime/text/found.js';
import { DIAGNOSTICS } from '../../transformer/diagnostics.js';
import { type Parser, parserFor } from '../../transformer/hosts/parse.js';
import { reportsOfSettings, type Texts, TRANSFORM, textsOf } from '../../transformer/hosts/texts.js';
import { checkApiCopies } from './api-copies.js';
import { type Finding, finding, ok } from './finding.js';

interface Wiring {
  readonly directory: string;
  /** Path of tsconfig.json. */
  readonly tsconfig: string;
  readonly version: string;
}

export function checkWiring(wiring: Wiring): Finding[] {
  const fault = manifestFault(wiring.directory);
  // Node.js resolves no package from below such a file
  if (fault !== undefined) return [checkNode(process.versions.node), finding('bad-manifest', `package.json: ${fault}`)];
  return [...checkPackages(wiring), ...checkProject(wiring)];
}

function manifestFault(directory: string): string | undefined {
  const path = join(directory, 'package.json');
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (!found.isFile()) return 'it is not a file';
  try {
    const manifest: unknown = JSON.parse(textOfFile(path) ?? '{}');
    const isTable = typeof manifest === 'object' && manifest !== null && !Array.isArray(manifest);
    return isTable ? undefined : `found ${describeFound(manifest)}; expected an object`;
  } catch (error) {
    return (error as Error).message;
  }
}

function checkPackages({ directory, version }: Wiring): Finding[] {
  const found: Finding[] = [checkNode(process.versions.node)];
  const project = createRequire(join(directory, 'any.js'));
  const own = manifestOf(project, 'spanwright');
  if (own === undefined || resolved(project, 'spanwright/emitted') === undefined)
    return [...found, finding('not-installed', `no spanwright at ${directory}`)];
  found.push(
    own.version === version
      ? ok(`spanwright ${version}`)
      : finding('other-version', `this is ${version}, the project has ${own.version}`),
  );
  const api = '@opentelemetry/api';
  const inside = resolved(createRequire(resolved(project, 'spanwright') as string), api);
  const outside = resolved(project, api);
  if (inside === undefined) found.push(finding('no-api', `no ${api}`));
  else if (outside !== undefined && outside !== inside) found.push(finding('two-apis', `${outside} and ${inside}`));
  else found.push(checkApiCopies(directory));
  return found;
}

/** Exported for its test, which cannot run on an older Node. */
export function checkNode(node: string): Finding {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  return major > 20 || (major === 20 && minor >= 19) ? ok(`Node.js ${node}`) : finding('node-too-old', `Node.js ${node}`);
}

function checkProject({ directory, tsconfig }: Wiring): Finding[] {
  const project = createRequire(join(directory, 'any.js'));
  const typescript = manifestOf(project, 'typescript')?.version;
  let parser: Parser;
  try {
    parser = parserFor(directory);
  } catch (error) {
    return [
      typescript?.startsWith('7.0.')
        ? finding('native-too-old', `TypeScript ${typescript}`)
        : finding('no-compiler', (error as Error).message),
    ];
  }
  // a named pipe would be waited for, and a device read without end
  if (!statSync(tsconfig, { throwIfNoEntry: false })?.isFile())
    return [finding('no-plugin', `there is no file ${relative(directory, tsconfig)}`)];
  const bundled = usesBundlerPlugin(directory);
  const texts = textsOf({ parser, directory, tsconfig, purpose: bundled ? 'bundle' : 'output' });
  const unread = texts.configuration.faults ?? [];
  const found: Finding[] = unread.map((line) => finding('bad-tsconfig', line.replace(/^spanwright: /, '')));
  const named = texts.configuration.plugins.some(({ transform }) => transform === TRANSFORM);
  if (named) found.push(ok(`the plugin is in ${relative(directory, tsconfig)}`), ...checkCompiler(project, typescript, bundled));
  else if (!bundled && unread.length === 0) found.push(finding('no-plugin', `no entry in ${relative(directory, tsconfig)}`));
  for (const { message } of reportsOfSettings(texts.faults)) found.push(finding('bad-option', message));
  return [...found, ...checkOutput(texts, directory)];
}

function checkCompiler(project: NodeJS.Require, typescript: string | undefined, bundled: boolean): Finding[] {
  if (typescript === undefined) return [finding('no-compiler', 'no package typescript')];
  const major = Number.parseInt(typescript, 10);
  if (major >= 7)
    return typescript.startsWith('7.0.')
      ? [finding('native-too-old', `TypeScript ${typescript}`)]
      : [ok(`TypeScript ${typescript}: build with spanwright build`)];
  const patch = manifestOf(project, 'ts-patch')?.version;
  if (patch === undefined)
    return [
      bundled
        ? ok(`TypeScript ${typescript} with a bundler plugin`)
        : finding('no-patch', `TypeScript ${typescript} without ts-patch`),
    ];
  const fits = Number.parseInt(patch, 10) === (major === 6 ? 4 : 3);
  return [
    fits
      ? ok(`TypeScript ${typescript} with ts-patch ${patch}`)
      : finding('wrong-patch', `TypeScript ${typescript} with ts-patch ${patch}`),
  ];
}

/** A configuration of a bundler beside package.json, or its scripts, name the plugin. */
function usesBundlerPlugin(directory: string): boolean {
  const bundlers = ['vite', 'vitest', 'rollup', 'rolldown', 'webpack', 'rspack', 'farm', 'esbuild', 'build', 'bunfig'];
  const files = bundlers.flatMap((name) =>
    ['.config.ts', '.config.mts', '.config.js', '.config.mjs', '.config.cjs', '.mjs', '.js', '.ts'].map(
      (ending) => name + ending,
    ),
  );
  return ['package.json', ...files].some((name) =>
    /spanwright\/(unplugin|register)/.test(textOfFile(join(directory, name)) ?? ''),
  );
}

const DEPENDENCY: ReadonlySet<number> = new Set([
  DIAGNOSTICS['absent-dependency'].code,
  DIAGNOSTICS['undeclared-dependency'].code,
  DIAGNOSTICS['development-dependency'].code,
]);

/** Matches a source file that starts tracing, or connects it to an SDK. */
const STARTS = /\b(?:startTracing|createSampler|createRootSampler)\b/;
/** Packages that register a tracer provider. */
const SDKS =
  /^(?:@opentelemetry\/(?:sdk-node|sdk-trace(?:-base|-node)?|auto-instrumentations-node)|@sentry\/(?:node|nestjs|nextjs|bun|aws-serverless)|dd-trace|@vercel\/otel|@azure\/monitor-opentelemetry|@splunk\/otel)$/;

function dependenciesOf(directory: string): string[] {
  const { dependencies } = JSON.parse(textOfFile(join(directory, 'package.json')) ?? '{}') as { dependencies?: object };
  return Object.keys(dependencies ?? {});
}

/** Checks that each compiled file whose source has sites loads `spanwright/emitted`. */
function checkOutput(texts: Texts, directory: string): Finding[] {
  const { files, options } = texts.configuration;
  const undeclared = new Set<string>();
  const found: Record<ReturnType<typeof stateOf>, string[]> = { absent: [], plain: [], old: [], done: [] };
  let sites = 0;
  let isStarted = false;
  const paths = outputsOf(texts, directory);
  for (const file of files) {
    const text = textOfFile(file);
    isStarted ||= STARTS.test(text ?? '');
    const transformed = text === undefined ? undefined : texts.transform(file, text);
    for (const { code, message } of transformed?.reports ?? []) if (DEPENDENCY.has(code)) undeclared.add(message);
    const plan = transformed?.plan;
    if (plan === undefined || plan.sites.length === 0) continue;
    sites += plan.sites.length;
    const output = paths(file);
    found[stateOf(file, output)].push(relative(directory, output));
  }
  const findings = [...undeclared].map((message) => finding('not-a-dependency', message));
  if (sites === 0) return [...findings, ok('no source file of the project has sites')];
  const sdks = isStarted ? [] : dependenciesOf(directory).filter((name) => SDKS.test(name));
  const { absent, plain, old, done } = found;
  if (sdks.length > 0) findings.push(finding('unconnected-sdk', `${counted(sites, 'site')}, and ${listed(sdks)}`));
  if (plain.length > 0) findings.push(finding('not-transformed', listed(plain)));
  if (old.length > 0) findings.push(finding('old-output', listed(old)));
  if (absent.length > 0 && !options.noEmit) findings.push(finding('not-built', listed(absent)));
  if (done.length > 0) {
    const compiled = counted(done.length, 'compiled file has', 'compiled files have');
    findings.push(ok(`${compiled} been through the transformer; ${counted(sites, 'site')} in the sources`));
  }
  return findings;
}

/** State of the compiled file of a source that has sites. */
function stateOf(source: string, output: string): 'absent' | 'plain' | 'old' | 'done' {
  const compiled = textOfFile(output);
  if (compiled === undefined) return 'absent';
  if (!compiled.includes('spanwright/emitted')) return 'plain';
  return newer(source, output) ? 'old' : 'done';
}

function outputsOf({ configuration, project }: Texts, directory: string): (file: string) => string {
  const { outDir } = configuration.options;
  return (file) => {
    const script = file.replace(/\.([cm]?)tsx?$/, '.$1js');
    if (outDir === undefined) return script;
    return resolve(directory, outDir, relative(project.rootDir, script));
  };
}

function newer(source: string, output: string): boolean {
  return (statSync(source).mtimeMs ?? 0) > (statSync(output).mtimeMs ?? 0);
}

function listed(paths: readonly string[]): string {
  return paths.length > 3 ? `${paths.slice(0, 3).join(', ')} and ${paths.length - 3} more` : paths.join(', ');
}

function resolved(load: NodeJS.Require, name: string): string | undefined {
  try {
    return load.resolve(name);
  } catch {
    // The package is not installed, or does not export this.
    return undefined;
  }
}

function manifestOf(load: NodeJS.Require, name: string): { version: string } | undefined {
  try {
    return load(`${name}/package.json`) as { version: string };
  } catch {
    // As above.
    return undefined;
  }
}

/** Limit in bytes; sources and configurations of a project are far smaller. */
const MOST_BYTES = 16 * 1024 * 1024;

function textOfFile(path: string): string | undefined {
  try {
    return readBoundedFile(path, MOST_BYTES)
      .bytes.toString('utf8')
      .replace(/^\uFEFF/, '');
  } catch {
    // A file that is not there is a finding, not a failure.
    return undefined;
  }
}
