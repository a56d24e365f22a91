// `spanwright build`: what `tsc -p` is, on the native compiler, with the transformer. Prints diagnostics and exits as `tsc` does.

import { existsSync, watch } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { type NativeBuilder, nativeBuilder } from '../transformer/hosts/native.js';
import { NativeUnavailableError } from '../transformer/hosts/native-api.js';
import { CommandFailure, type Invocation, UsageError } from './command.js';
import { configurationAt } from './explain.js';

/** After a change, in milliseconds: editors write in several steps. */
const SETTLE = 120;

export async function run({ options, out, err, colours }: Invocation): Promise<number> {
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
  const build = async (): Promise<{ exit: number; errors: number }> => {
    const built = await builder.build({ noEmit, pretty: colours });
    if (built.output !== '') out(built.output.replace(/\n$/, ''));
    if (colours && built.errors > 0) out(`\n${found(built.errors)}`);
    return built;
  };
  if (!options.has('watch')) {
    try {
      return (await build()).exit;
    } finally {
      await builder.close();
    }
  }
  const say = (text: string): void => out(`[${new Date().toLocaleTimeString('en-US')}] ${text}`);
  const again = async (): Promise<void> => {
    try {
      say(`${found((await build()).errors)} Watching for file changes.`);
    } catch (error) {
      err(`spanwright: ${(error as Error).message}`);
    }
  };
  say('Starting compilation in watch mode...');
  // One after the other; watched before the first, so that a change made while it runs is not missed.
  let last = Promise.resolve();
  const ended = watching(dirname(path), () => {
    last = last.then(() => {
      say('File change detected. Starting incremental compilation...');
      return again();
    });
  });
  last = last.then(again);
  const exit = await ended;
  await last;
  await builder.close();
  return exit;
}

const found = (errors: number): string => `Found ${errors} error${errors === 1 ? '' : 's'}.`;

/** Calls back when a source or a configuration below the directory has changed; ends when the process is asked to. */
function watching(directory: string, changed: () => void): Promise<number> {
  return new Promise((done) => {
    let timer: NodeJS.Timeout | undefined;
    const watcher = watch(directory, { recursive: true }, (_event, name) => {
      if (name === null || /(^|[\\/])(node_modules|\.git)[\\/]|\.d\.[cm]?ts$/.test(name)) return;
      if (!/\.[cm]?tsx?$|(^|[\\/])(tsconfig[^\\/]*|package)\.json$/.test(name)) return;
      clearTimeout(timer);
      timer = setTimeout(changed, SETTLE);
    });
    const end = (): void => {
      clearTimeout(timer);
      watcher.close();
      done(0);
    };
    process.once('SIGINT', end);
    process.once('SIGTERM', end);
  });
}
