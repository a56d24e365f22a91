// `spanwright completion SHELL`: the script that completes commands, arguments and options, made from the table of commands.
// The scripts hold plain word lists, so a completion does not start Node.

import { type Command, type CommandCode, type CommandOption, EXIT, UsageError } from './command.js';
import { GLOBAL_OPTIONS, optionsOfCommand } from './options.js';

const HELP_ROW = { name: 'help', summary: 'Show the help of the program, or of one command.' };
const flags = (options: readonly CommandOption[]) =>
  options.flatMap(({ name, short }) => (short ? [`-${short}`, `--${name}`] : [`--${name}`]));
const namesOf = (commands: readonly Command[]) => commands.map(({ name }) => name);

/** Names of all options that pass `test`, as written on the command line, each once. */
function optionsThat(commands: readonly Command[], test: (option: CommandOption) => boolean): string[] {
  return [
    ...new Set(
      commands
        .flatMap(optionsOfCommand)
        .filter(test)
        .map(({ name }) => `--${name}`),
    ),
  ];
}

/** Puts a text in single quotes, as each of the shells reads them. */
const shellQuoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function bash(commands: readonly Command[]): string {
  // Options whose value is the next word, so that the word is not taken for an argument.
  const valued = optionsThat(commands, ({ type }) => type !== 'flag').join('|');
  const files = optionsThat(commands, ({ file }) => file === true).join('|');
  const rows = commands.flatMap((command) => [
    `    ${command.name}:*:-*) words=${shellQuoted(flags(optionsOfCommand(command)).join(' '))} ;;`,
    ...(command.choices ?? []).map((choices, at) => `    ${command.name}:${at}:*) words=${shellQuoted(choices.join(' '))} ;;`),
  ]);
  return `# bash completion of spanwright, made by "spanwright completion bash"
_spanwright() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command= place=0 skip= at words=
  for ((at = 1; at < COMP_CWORD; at++)); do
    if [[ $skip ]]; then skip=; continue; fi
    case \${COMP_WORDS[at]} in
    ${valued}) skip=1 ;;
    -*) ;;
    *) if [[ -z $command ]]; then command=\${COMP_WORDS[at]}; else ((place++)); fi ;;
    esac
  done
  case $before in
    ${files}) COMPREPLY=($(compgen -f -- "$word")); return ;;
    ${valued}) COMPREPLY=(); return ;;
  esac
  case \${command:-none}:$place:$word in
    none:*:-*) words=${shellQuoted(flags(GLOBAL_OPTIONS).join(' '))} ;;
    none:*) words=${shellQuoted([...namesOf(commands), 'help'].join(' '))} ;;
    help:0:*) words=${shellQuoted(namesOf(commands).join(' '))} ;;
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
  const long = shellQuoted(`--${name}[${described}]${action}`);
  return short === undefined ? long : `${long} ${shellQuoted(`-${short}[${described}]${action}`)}`;
}

function zsh(commands: readonly Command[]): string {
  const described = [...commands, HELP_ROW].map(
    ({ name, summary }) => `    ${shellQuoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`,
  );
  const rows = commands.map((command) => {
    const places = (command.choices ?? []).map((choices, at) => shellQuoted(`${at + 1}:argument:(${choices.join(' ')})`));
    return `    ${command.name}) _arguments ${[...places, ...optionsOfCommand(command).map(zshOption)].join(' ')} ;;`;
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
  return `complete -c spanwright -n ${shellQuoted(condition)} -l ${name}${short === undefined ? '' : ` -s ${short}`}${value} -d ${shellQuoted(summary)}`;
}

function fish(commands: readonly Command[]): string {
  const first = '__fish_use_subcommand';
  const rows = [...commands, HELP_ROW].map(
    ({ name, summary }) => `complete -c spanwright -n ${first} -a ${name} -d ${shellQuoted(summary)}`,
  );
  const arguments_ = commands.flatMap(({ name, choices = [] }) =>
    choices.length === 0
      ? []
      : [
          `complete -c spanwright -n ${shellQuoted(`__fish_seen_subcommand_from ${name}`)} -a ${shellQuoted(choices.flat().join(' '))}`,
        ],
  );
  const own = commands.flatMap((command) =>
    optionsOfCommand(command).map((option) => fishOption(`__fish_seen_subcommand_from ${command.name}`, option)),
  );
  return [
    '# fish completion of spanwright, made by "spanwright completion fish"',
    'complete -c spanwright -f',
    ...rows,
    `complete -c spanwright -n ${shellQuoted('__fish_seen_subcommand_from help')} -a ${shellQuoted(namesOf(commands).join(' '))}`,
    ...arguments_,
    ...own,
  ].join('\n');
}

const SHELLS: ReadonlyMap<string, (commands: readonly Command[]) => string> = new Map([
  ['bash', bash],
  ['zsh', zsh],
  ['fish', fish],
]);

/** The command over a table that the caller passes, because the table itself has a row for this command. */
export function completionOf(commands: readonly Command[]): CommandCode {
  return async function runCompletion({ arguments: [shell = ''], out }) {
    const script = SHELLS.get(shell);
    if (script === undefined)
      throw new UsageError(`There is no completion for this shell; expected one of ${[...SHELLS.keys()].join(', ')}.`);
    out(script(commands));
    return EXIT.done;
  };
}
