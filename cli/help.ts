// The help texts, made from the table of commands.

import { type Command, type CommandOption, EXIT, EXIT_MEANINGS } from './command.js';
import { COMMANDS } from './commands.js';
import { GLOBAL_OPTIONS, LIVE_OPTIONS } from './options.js';

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}

function optionRow({ name, short, type, value, summary }: CommandOption): readonly [string, string] {
  const flag = `${short === undefined ? '    ' : `-${short}, `}--${name}`;
  return [type === 'flag' ? flag : `${flag} ${value ?? 'VALUE'}`, summary];
}

const commandRow = ({ name, usage, summary }: Command) => [`${name} ${usage}`.trim(), summary] as const;

const exitRows = Object.entries(EXIT).map(([name, code]) => [String(code), EXIT_MEANINGS[name as keyof typeof EXIT]] as const);

/** Help of the whole program. */
export function programHelp(): string {
  return [
    'Usage: spanwright COMMAND [ARGUMENTS] [OPTIONS]',
    '',
    'Commands:',
    ...columns([...COMMANDS.map(commandRow), ['help [COMMAND]', 'Show this, or the help of one command.']]),
    '',
    'Options of the commands that connect to a running service:',
    ...columns(LIVE_OPTIONS.map(optionRow)),
    '',
    'Options:',
    ...columns(GLOBAL_OPTIONS.map(optionRow)),
    '',
    'Exit codes:',
    ...columns(exitRows),
  ].join('\n');
}

/** Help of one command. */
export function commandHelp(command: Command): string {
  const own = command.options.length === 0 ? [] : ['', 'Options:', ...columns(command.options.map(optionRow))];
  const live = command.live ? ['', 'Reaching the service:', ...columns(LIVE_OPTIONS.map(optionRow))] : [];
  const details = command.details === undefined ? [] : ['', ...command.details];
  const usage = `Usage: spanwright ${command.name} ${command.usage}`.trim();
  return [`${usage} [OPTIONS]`, '', command.summary, ...details, ...own, ...live].join('\n');
}
