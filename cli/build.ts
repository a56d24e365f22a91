// `spanwright build`: what `tsc -p` is, on the native compiler, with the transformer. Prints diagnostics and exits as `tsc` does.

import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { type NativeBuilder, nativeBuilder } from '../transformer/hosts/native.js';
import { NativeUnavailableError } from '../transformer/hosts/native-api.js';
import type { Built } from '../transformer/hosts/native-request.js';
import { watching } from './build-watch.js';
import { CommandFailure, type Invocation, UsageError } from './command.js';
import { configurationAt } from './explain.js';

export async function runBuild({ options, out, err, colours }: Invocation): Promise<number> {
  const path = configurationAt(resolve(String(options.get('project') ?? '.')));
  if (!existsSync(path))
    throw new UsageError(`There is no ${relative(process.cwd(), path)}. Name the project: -p path/to/tsconfig.json.`);
  const noEmit = options.has('noEmit');
  let builder: NativeBuilder;
  try {
    builder = nativeBuilder(path);
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
    return options.has('watch') ? await buildAgain(build, dirname(path), { out, err }) : (await build()).exit;
  } finally {
    await builder.close();
  }
}

/** Builds after every change, one build after the other, until the process is asked to end. */
async function buildAgain(
  build: () => Promise<Built>,
  directory: string,
  { out, err }: Pick<Invocation, 'out' | 'err'>,
): Promise<number> {
  const say = (text: string): void => out(`[${new Date().toLocaleTimeString('en-US')}] ${text}`);
  async function next(): Promise<void> {
    try {
      const { errors, directories } = await build();
      files.add(directories);
      say(`Found ${errors} error${errors === 1 ? '' : 's'}. Watching for file changes.`);
    } catch (error) {
      err(`spanwright: ${(error as Error).message}`);
    }
  }
  let last = Promise.resolve();
  const files = watching(() => {
    last = last.then(() => {
      say('File change detected. Starting incremental compilation...');
      return next();
    });
  });
  say('Starting compilation in watch mode...');
  // Watched before the first build, so that a change made while it runs is not missed.
  files.add([directory]);
  last = last.then(next);
  await files.ended;
  await last;
  return 0;
}
