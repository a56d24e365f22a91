// Turns the words of the command line into a row of the table and checked arguments. Options may come anywhere; unknown ones, missing
// values and wrong counts are refused with the nearest or expected form, before the command runs.

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { TOKEN_VARIABLE } from '../runtime/admin/defaults.js';
import { counted } from '../runtime/text/counted.js';
import { didYouMean } from '../runtime/text/nearest.js';
import { printable } from '../runtime/text/printable.js';
import { type Command, type CommandOption, UsageError } from './command.js';
import { COMMANDS } from './commands.js';
import { GLOBAL_OPTIONS, optionsOfCommand } from './options.js';

export interface CommandLine {
  /** Undefined when help, the version, or nothing is requested. */
  readonly command: Command | undefined;
  readonly arguments: readonly string[];
  readonly options: ReadonlyMap<string, string | number | true>;
  /** Requested help: of the named command, or of the program when empty. */
  readonly help: string | undefined;
}

/** @throws UsageError that names the nearest command. */
export function commandNamed(name: string): Command {
  const found = COMMANDS.find((command) => command.name === name);
  if (found !== undefined) return found;
  const names = COMMANDS.map((command) => command.name);
  const known = `Commands: ${names.join(', ')}.`;
  throw new UsageError(`There is no command "${printable(name, 60)}".${didYouMean(name, names)} ${known}`);
}

type Token = { kind: 'option'; name: string; rawName: string; value: string | undefined; inlineValue: boolean | undefined };

function split(argv: readonly string[]): { words: string[]; tokens: Token[] } {
  // One grammar for all commands, so that options may come before the command's name: an option's name means the same
  // kind of value everywhere.
  const options: NonNullable<ParseArgsConfig['options']> = Object.create(null);
  for (const { name, short, type } of [...COMMANDS.flatMap(optionsOfCommand), ...GLOBAL_OPTIONS]) {
    options[name] = { type: type === 'flag' ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) };
  }
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const words = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []));
  return { words, tokens: tokens.filter((token) => token.kind === 'option') as Token[] };
}

function readValue(option: CommandOption, { rawName, value, inlineValue }: Token): string | number | true {
  if (option.type === 'flag') {
    if (value === undefined) return true;
    throw new UsageError(`${rawName} takes no value; found "${printable(value, 60)}".`);
  }
  const isNextOption = inlineValue === false && value?.startsWith('--');
  if (value === undefined || isNextOption)
    throw new UsageError(`${rawName} needs a value: ${rawName} ${option.value ?? 'VALUE'}.`);
  if (option.type === 'text') return value;
  if (/^[0-9]{1,15}$/.test(value)) return Number(value);
  throw new UsageError(`${rawName} must be a whole number from 0; found "${printable(value, 60)}".`);
}

function readOptions(
  tokens: readonly Token[],
  known: readonly CommandOption[],
  where: string,
): Map<string, string | number | true> {
  const options = new Map<string, string | number | true>();
  for (const token of tokens) {
    const option = known.find(({ name }) => name === token.name);
    if (option === undefined && token.name === 'token') {
      const remedy = `put it into a file and use --token-file, or into the variable ${TOKEN_VARIABLE}`;
      throw new UsageError(`A token on the command line can be read by every user of the machine: ${remedy}.`);
    }
    if (option === undefined) {
      const names = known.map(({ name }) => name);
      const shown = printable(token.rawName, 60);
      throw new UsageError(`${where} has no option ${shown}.${didYouMean(token.name, names)} See "spanwright help".`);
    }
    if (options.has(option.name)) throw new UsageError(`--${option.name} is given twice.`);
    options.set(option.name, readValue(option, token));
  }
  return options;
}

function checkArity(command: Command, count: number): void {
  const [least, most] = command.arity;
  if (count >= least && count <= most) return;
  const usage = `Usage: spanwright ${command.name} ${command.usage}`.trim();
  throw new UsageError(`${command.name} got ${counted(count, 'argument')}. ${usage}`);
}

/** @throws UsageError for everything that the table does not allow. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const { words, tokens } = split(argv);
  const [name, ...rest] = words;
  if (name === undefined || name === 'help') {
    const options = readOptions(tokens, GLOBAL_OPTIONS, 'spanwright without a command');
    return { command: undefined, arguments: [], options, help: rest[0] ?? '' };
  }
  const command = commandNamed(name);
  const options = readOptions(tokens, optionsOfCommand(command), `"spanwright ${name}"`);
  if (!options.has('help') && !options.has('version')) checkArity(command, rest.length);
  return { command, arguments: rest, options, help: undefined };
}
