#!/usr/bin/env node
// The `spanwright` program. Finds the command in the table, checks the command line against its row, loads it and turns
// every failure into a message and an exit code. It never prints a stack for a fault of the user or of the network.

import { printableLines } from '../runtime/text/printable.js';
import { EXIT, type Invocation, isCommandFault } from './command.js';
import { commandHelp, programHelp } from './help.js';
import { type CommandLine, commandNamed, parseCommandLine } from './parse.js';

function version(): string {
  // From the sources it is one directory up, from the built files two.
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { name, version: found } = require(path) as { name: string; version: string };
      if (name === 'spanwright') return found;
    } catch {
      // not there: try the next one
    }
  }
  return 'unknown';
}

const noColour = process.env.NO_COLOR !== undefined && process.env.NO_COLOR !== '';
const colours = process.stdout.isTTY === true && !noColour && process.env.TERM !== 'dumb';

/** The only output to the terminal: text from services, files and the network passes the filter here, for every command. */
const out = (line: string): void => void process.stdout.write(`${printableLines(line, colours)}\n`);
const err = (line: string): void => void process.stderr.write(`${printableLines(line)}\n`);

function invocationOf(line: CommandLine): Invocation {
  return { arguments: line.arguments, options: line.options, environment: process.env, out, err, colours };
}

/** True for a command that runs until interrupted. */
let isEndless = false;

async function runProgram(argv: readonly string[]): Promise<number> {
  const line = parseCommandLine(argv);
  const endless = line.command?.endless;
  isEndless = endless === true || (endless !== undefined && line.options.has(endless));
  if (line.options.has('version')) out(version());
  else if (line.command !== undefined && line.options.has('help')) out(commandHelp(line.command));
  else if (line.help !== undefined) out(line.help === '' ? programHelp() : commandHelp(commandNamed(line.help)));
  else if (line.command !== undefined) return await (await line.command.load())(invocationOf(line));
  return EXIT.done;
}

function exitCodeOf(error: unknown): number {
  if (isCommandFault(error)) {
    err(`spanwright: ${error.message}`);
    return error.exit;
  }
  err(`spanwright: unexpected failure: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return EXIT.failed;
}

// `spanwright doctor | head` closes the output early. The command still does all its work and exits with its own code.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') {
    if (isEndless) process.exit(process.exitCode ?? EXIT.done);
    return;
  }
  err(`spanwright: the output cannot be written: ${error.message}`);
  process.exit(EXIT.failed);
});
// There is no other place to report this; without a listener it would change the exit code.
process.stderr.on('error', () => {});

void runProgram(process.argv.slice(2))
  .catch(exitCodeOf)
  .then((code) => {
    process.exitCode = code;
  });
