// Runs a command of the program within the test's process: the same table, parser and code, without a start of Node for each.

import '../runner/dynamic-imports.js';
import { type Invocation, isCommandFault } from '../../cli/command.js';
import { parseCommandLine } from '../../cli/parse.js';

export interface Invoked {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function invoke(args: readonly string[], environment: Record<string, string> = {}): Promise<Invoked> {
  let [out, err] = ['', ''];
  const add = (line: string): void => {
    err += `${line}\n`;
  };
  try {
    const line = parseCommandLine(args);
    if (line.command === undefined) throw new Error(`${args.join(' ')} names no command`);
    const invocation: Invocation = {
      arguments: line.arguments,
      options: line.options,
      environment,
      out: (text) => {
        out += `${text}\n`;
      },
      err: add,
      colours: false,
    };
    return { code: await (await line.command.load())(invocation), out, err };
  } catch (error) {
    if (!isCommandFault(error)) throw error;
    add(error.message);
    return { code: error.exit, out, err };
  }
}
