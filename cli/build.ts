// `spanwright build`: `tsc -p` on the native compiler, with the transformer. Prints diagnostics and exits as `tsc` does.

import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { counted } from '../runtime/text/counted.js';
import { type NativeBuilder, nativeBuilder } from '../transformer/hosts/native.js';
import { NativeUnavailableError } from '../transformer/hosts/native-api.js';
import type { Built } from '../transformer/hosts/native-request.js';
import { watching } from './build-watch.js';
import { CommandFailure, type Invocation, UsageError } from './command.js';
import { configurationAt } from './explain.js';

export async function runBuild({ arguments: named, options, out, err, colours }: Invocation): Promise<number> {
  const paths = configurationsOf(named, options);
  const noEmit = options.has('noEmit');
  let builder: NativeBuilder;
  try {
    builder = nativeBuilder(paths);
  } catch (error) {
    if (error instanceof NativeUnavailableError) throw new CommandFailure(error.message);
    throw error;
  }
  async function build(): Promise<Built> {
    const built = await builder.build({ noEmit, pretty: colours, references: options.has('build') });
    if (built.output !== '') out(built.output.replace(/\n$/, ''));
    return built;
  }
  try {
    return options.has('watch') ? await buildAgain(build, paths.map(dirname), { out, err }) : (await build()).exit;
  } finally {
    await builder.close();
  }
}

/** The configurations to build: as `tsc -b` takes them, any number of folders or files, otherwise the one project. */
function configurationsOf(named: readonly string[], options: Invocation['options']): [string, ...string[]] {
  const project = options.get('project');
  if (named.length > 0 && !options.has('build'))
    throw new UsageError(`build takes projects with -b only: spanwright build -b ${named.join(' ')}, or -p ${named[0]}.`);
  if (named.length > 0 && project !== undefined)
    throw new UsageError('build takes either -p PATH or the projects of -b, not both.');
  const [first, ...rest] = named.length > 0 ? named : [String(project ?? '.')];
  return [configurationOf(first as string), ...rest.map(configurationOf)];
}

function configurationOf(name: string): string {
  const path = configurationAt(resolve(name));
  if (existsSync(path)) return path;
  throw new UsageError(`There is no ${relative(process.cwd(), path)}. Name the project: -p path/to/tsconfig.json.`);
}

/** Builds after every change, one build after the other, until the process is asked to end. */
async function buildAgain(
  build: () => Promise<Built>,
  directories: readonly string[],
  { out, err }: Pick<Invocation, 'out' | 'err'>,
): Promise<number> {
  const say = (text: string): void => out(`[${new Date().toLocaleTimeString('en-US')}] ${text}`);
  async function next(): Promise<void> {
    try {
      const built = await build();
      inputs.add(built.directories, built.files);
      say(`Found ${counted(built.errors, 'error')}. Watching for file changes.`);
    } catch (error) {
      err(`spanwright: ${(error as Error).message}`);
    }
  }
  let last = Promise.resolve();
  const inputs = watching(() => {
    last = last.then(() => {
      say('File change detected. Starting incremental compilation...');
      return next();
    });
  });
  say('Starting compilation in watch mode...');
  // Watched before the first build, so that a change made while it runs is not missed.
  inputs.add(directories, []);
  last = last.then(next);
  await inputs.ended;
  await last;
  return 0;
}
