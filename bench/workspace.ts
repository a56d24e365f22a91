// A folder of its own for one run of the benchmarks: generated sources, compiled by the real compilers, and the worker as plain
// JavaScript, so that no loader is between the engine and the measured code. Lies inside the project, so that
// `spanwright` and the peers resolve as they do for a user; removed at the end.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';

const PROJECT = join(__dirname, '..');
const COMPILE_LIMIT_MS = 300_000;
const COMPLAINT_LINES = 20;

/** How a project is compiled. `plain` is tsc; `built` is tspc with the Spanwright plugin. */
export const BUILDS = {
  plain: { compiler: 'typescript/bin/tsc', options: { experimentalDecorators: true } },
  'plain standard': { compiler: 'typescript/bin/tsc', options: { experimentalDecorators: false } },
  built: { compiler: 'ts-patch/bin/tspc.js', options: { experimentalDecorators: true, plugins: [plugin()] } },
  'built standard': { compiler: 'ts-patch/bin/tspc.js', options: { experimentalDecorators: false, plugins: [plugin()] } },
} as const;

export type Build = keyof typeof BUILDS;

/**
 * Peers with a folder of their own: one cannot be installed beside the versions of OpenTelemetry that this project uses, the others
 * instrument the process that loads them. Without its folder the rows of a peer are left out.
 */
const PEERS = {
  autotel: {
    folder: 'autotel',
    install: 'npm install --prefix .cache/autotel --legacy-peer-deps autotel@7.9.0 @opentelemetry/api@1.9.1',
  },
  'dd-trace': { folder: 'datadog6', install: '.ci/setup datadog6' },
  '@sentry/node': { folder: 'sentry11', install: '.ci/setup sentry11' },
} as const;

type Peer = keyof typeof PEERS;
const folderOf = (peer: Peer): string => join(PROJECT, '.cache', PEERS[peer].folder, 'node_modules', peer);
export const hasPeer = (peer: Peer): boolean => existsSync(folderOf(peer));
const present = (): Peer[] => (Object.keys(PEERS) as Peer[]).filter(hasPeer);
/** Sentence for the notes of tables; empty if all peers are there. */
export function missingPeers(): string {
  const missing = (Object.keys(PEERS) as Peer[]).filter((peer) => !hasPeer(peer));
  return missing.map((peer) => ` Without the rows of ${peer}, which \`${PEERS[peer].install}\` installs.`).join('');
}

function plugin(): Record<string, unknown> {
  return { transform: join(PROJECT, 'dist/transformer/index.js'), namespace: 'bench' };
}

export class Workspace {
  readonly folder: string;

  constructor() {
    const parent = join(PROJECT, '.cache');
    mkdirSync(parent, { recursive: true });
    this.folder = mkdtempSync(join(parent, 'bench-'));
    for (const peer of present()) {
      const link = join(this.folder, 'node_modules', peer);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(folderOf(peer), link, 'junction');
    }
  }

  /** Writes the sources below a folder of the build's name; returns the command that compiles them. */
  project(
    name: string,
    build: Build,
    sources: Record<string, string>,
    options: Record<string, unknown> = BUILDS[build].options,
  ): { command: string; args: string[]; output: string } {
    const folder = join(this.folder, name);
    for (const [path, source] of Object.entries(sources)) {
      mkdirSync(dirname(join(folder, 'src', path)), { recursive: true });
      writeFileSync(join(folder, 'src', path), source);
    }
    const compilerOptions = {
      target: 'ES2022',
      module: 'Node16',
      moduleResolution: 'Node16',
      strict: true,
      skipLibCheck: true,
      types: ['node'],
      rootDir: 'src',
      outDir: 'out',
      ...options,
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
    const args = [join(PROJECT, 'node_modules', BUILDS[build].compiler), '-p', join(folder, 'tsconfig.json')];
    return { command: process.execPath, args, output: join(folder, 'out') };
  }

  /** Compiles, and returns the folder of the JavaScript. A compiler diagnostic is an error, so that no partial build is measured. */
  async compile(name: string, build: Build, sources: Record<string, string>): Promise<string> {
    const { command, args, output } = this.project(name, build, sources);
    try {
      await promisify(execFile)(command, args, { timeout: COMPILE_LIMIT_MS, cwd: join(this.folder, name) });
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      const said = `${stdout ?? ''}${stderr ?? String(error)}`.split('\n').slice(0, COMPLAINT_LINES).join('\n');
      throw new Error(`bench: "${build}" does not compile ${name}:\n${said}`);
    }
    return output;
  }

  /** The worker and what it imports of bench/, each file by itself, without type-check. */
  worker(): string {
    const folder = join(this.folder, 'worker');
    mkdirSync(folder, { recursive: true });
    for (const name of [
      'worker',
      'states',
      'vendors',
      'held',
      'profiled',
      'profiler',
      'built-parts',
      'counted',
      'flown',
      'many-worker',
      'exported-program',
    ]) {
      const source = readFileSync(join(__dirname, `${name}.ts`), 'utf8');
      const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, esModuleInterop: true };
      writeFileSync(join(folder, `${name}.js`), ts.transpileModule(source, { compilerOptions }).outputText);
    }
    return join(folder, 'worker.js');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
