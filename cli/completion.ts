// `spanwright completion SHELL`: the script that completes commands, arguments and options, made from the table of commands.
// The scripts hold plain word lists and ask nothing of the program, so a completion costs no start of Node.

import { type CommandOption, EXIT, type Invocation, UsageError } from './command.js';
import { COMMANDS } from './commands.js';
import { GLOBAL_OPTIONS, optionsOf } from './options.js';

const HELP_ROW = { name: 'help', summary: 'Show the help of the program, or of one command.' };
const NAMES = COMMANDS.map(({ name }) => name);
const flags = (options: readonly CommandOption[]) =>
  options.flatMap(({ name, short }) => (short ? [`-${short}`, `--${name}`] : [`--${name}`]));
/** Options whose value is the next word, so that it is not taken for an argument. */
const VALUED = [
  ...new Set(
    COMMANDS.flatMap(optionsOf)
      .filter(({ type }) => type !== 'flag')
      .map(({ name }) => `--${name}`),
  ),
];
const FILES = [
  ...new Set(
    COMMANDS.flatMap(optionsOf)
      .filter(({ file }) => file)
      .map(({ name }) => `--${name}`),
  ),
];

/** In single quotes, for any of the shells. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function bash(): string {
  const rows = COMMANDS.flatMap((command) => [
    `    ${command.name}:*:-*) words=${quoted(flags(optionsOf(command)).join(' '))} ;;`,
    ...(command.choices ?? []).map((choices, at) => `    ${command.name}:${at}:*) words=${quoted(choices.join(' '))} ;;`),
  ]);
  return `# bash completion of spanwright, made by "spanwright completion bash"
_spanwright() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command= place=0 skip= at words=
  for ((at = 1; at < COMP_CWORD; at++)); do
    if [[ $skip ]]; then skip=; continue; fi
    case \${COMP_WORDS[at]} in
    ${VALUED.join('|')}) skip=1 ;;
    -*) ;;
    *) if [[ -z $command ]]; then command=\${COMP_WORDS[at]}; else ((place++)); fi ;;
    esac
  done
  case $before in
    ${FILES.join('|')}) COMPREPLY=($(compgen -f -- "$word")); return ;;
    ${VALUED.join('|')}) COMPREPLY=(); return ;;
  esac
  case \${command:-none}:$place:$word in
    none:*:-*) words=${quoted(flags(GLOBAL_OPTIONS).join(' '))} ;;
    none:*) words=${quoted([...NAMES, 'help'].join(' '))} ;;
    help:0:*) words=${quoted(NAMES.join(' '))} ;;
${rows.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _spanwright spanwright`;
}

/** For `_arguments`: `'--name[summary]:value:action'`. */
function zshOption({ name, short, type, value, summary, file }: CommandOption): string {
  const described = summary.replace(/[[\]\\:]/g, '\\$&');
  const action = type === 'flag' ? '' : `:${value ?? 'VALUE'}:${file ? '_files' : ''}`;
  const long = quoted(`--${name}[${described}]${action}`);
  return short === undefined ? long : `${long} ${quoted(`-${short}[${described}]${action}`)}`;
}

function zsh(): string {
  const described = [...COMMANDS, HELP_ROW].map(
    ({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`,
  );
  const rows = COMMANDS.map((command) => {
    const places = (command.choices ?? []).map((choices, at) => quoted(`${at + 1}:argument:(${choices.join(' ')})`));
    return `    ${command.name}) _arguments ${[...places, ...optionsOf(command).map(zshOption)].join(' ')} ;;`;
  });
  return `#compdef spanwright
# zsh completion of spanwright, made by "spanwright completion zsh"
_spanwright() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if ((CURRENT == 2)); then _describe command commands; return; fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
    help) ((CURRENT == 2)) && _describe command commands ;;
${rows.join('\n')}
  esac
}
# Sourced, it registers itself; loaded from fpath, it is called.
if [[ $funcstack[1] == _spanwright ]]; then _spanwright "$@"; else compdef _spanwright spanwright; fi`;
}

function fishOption(condition: string, { name, short, type, summary, file }: CommandOption): string {
  const value = type === 'flag' ? '' : file ? ' -r -F' : ' -x';
  return `complete -c spanwright -n ${quoted(condition)} -l ${name}${short === undefined ? '' : ` -s ${short}`}${value} -d ${quoted(summary)}`;
}

function fish(): string {
  const first = '__fish_use_subcommand';
  const rows = [...COMMANDS, HELP_ROW].map(
    ({ name, summary }) => `complete -c spanwright -n ${first} -a ${name} -d ${quoted(summary)}`,
  );
  const arguments_ = COMMANDS.flatMap(({ name, choices = [] }) =>
    choices.length === 0
      ? []
      : [`complete -c spanwright -n ${quoted(`__fish_seen_subcommand_from ${name}`)} -a ${quoted(choices.flat().join(' '))}`],
  );
  const own = COMMANDS.flatMap((command) =>
    optionsOf(command).map((option) => fishOption(`__fish_seen_subcommand_from ${command.name}`, option)),
  );
  return [
    '# fish completion of spanwright, made by "spanwright completion fish"',
    'complete -c spanwright -f',
    ...rows,
    `complete -c spanwright -n ${quoted('__fish_seen_subcommand_from help')} -a ${quoted(NAMES.join(' '))}`,
    ...arguments_,
    ...own,
  ].join('\n');
}

const SHELLS: ReadonlyMap<string, () => string> = new Map([
  ['bash', bash],
  ['zsh', zsh],
  ['fish', fish],
]);

export async function run({ arguments: [shell = ''], out }: Invocation): Promise<number> {
  const script = SHELLS.get(shell);
  if (script === undefined)
    throw new UsageError(`There is no completion for this shell; expected one of ${[...SHELLS.keys()].join(', ')}.`);
  out(script());
  return EXIT.done;
}
