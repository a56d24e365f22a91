// The shape of one command of the `spanwright` program: a row of the table in commands.ts. Parsing, help, completion and the
// check of the documents all read the row; the code behind it is loaded only when the command runs, so that `--help` and a
// mistyped name stay fast.

/** One option of a command, as `--name` or `-x`. */
export interface CommandOption {
  readonly name: string;
  readonly short?: string;
  /** `flag` takes no value; `count` is a whole number from 0; `text` is anything. */
  readonly type: 'flag' | 'text' | 'count';
  /** The value is a path of a file, for the completion. */
  readonly file?: true;
  /** Name of the value in the help, for example `PATH`. */
  readonly value?: string;
  readonly summary: string;
}

/** Arguments of a command, after they have been checked against its row. */
export interface Invocation {
  /** Positional arguments after the command's name. */
  readonly arguments: readonly string[];
  /** Options by name; absent ones are missing. A flag is `true`, a count a number, a text a string. */
  readonly options: ReadonlyMap<string, string | number | true>;
  readonly environment: NodeJS.ProcessEnv;
  /** Writes one line to standard output. */
  out(line: string): void;
  /** Writes one line to standard error. */
  err(line: string): void;
  /** True when standard output is a terminal and NO_COLOR is not set. */
  readonly colours: boolean;
}

/** Code of a command: runs it and returns the exit code, see {@link EXIT}. */
export type CommandCode = (invocation: Invocation) => Promise<number>;

export interface Command {
  readonly name: string;
  /** Positional arguments as the help shows them, for example `SETTING VALUE` or `[PREFIX]`. */
  readonly usage: string;
  /** Fewest and most positional arguments. */
  readonly arity: readonly [least: number, most: number];
  /** Possible values of the positional arguments, one list a position, for the completion. */
  readonly choices?: readonly (readonly string[])[];
  /** One line, for the list of commands. */
  readonly summary: string;
  /** Further lines, for `spanwright help NAME`. */
  readonly details?: readonly string[];
  /** Options of this command alone. */
  readonly options: readonly CommandOption[];
  /** True: the command connects to a running process, and takes `--url`, `--socket`, `--token-file` and `--json`. */
  readonly live: boolean;
  /** The command runs until interrupted: always, or with this option. It ends when the reader of its output has gone. */
  readonly endless?: true | string;
  load(): Promise<CommandCode>;
}

/** Exit codes of every command; the help and docs/cli.md list them from here. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
} as const;

/** The meaning of each exit code, for the help and the documents. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'done',
  failed: 'the command failed, or the service refused it',
  usage: 'the command line is invalid, and nothing was done; build: errors in sources, with output written, as tsc',
  unreachable: 'the service could not be reached',
};

/** Marks both errors below. A brand, because a command of `@spanwright/viewer` throws that package's copy of the classes. */
const FAULT = Symbol.for('spanwright.command-fault');

/** A fault in the command line: printed with the usage, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly [FAULT] = true;
  readonly exit = EXIT.usage;
}

/** A failure with an exit code of its own; printed as one message, without a stack. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly [FAULT] = true;
  constructor(
    message: string,
    readonly exit: number = EXIT.failed,
  ) {
    super(message);
  }
}

/** True for a {@link UsageError} or {@link CommandFailure} of any copy of this module. */
export function isCommandFault(error: unknown): error is Error & { readonly exit: number } {
  return typeof error === 'object' && error !== null && FAULT in error;
}
