// The current directory of a running process, and the variables that it was started with, from /proc, for `spanwright doctor --pid`.
// Values of secret variables are masked before they are shown. Linux only.

import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { withoutSecrets } from '../../runtime/text/found.js';
import { printable } from '../../runtime/text/printable.js';
import { CommandFailure } from '../command.js';
import { type Finding, ok } from './finding.js';

export interface RunningProcess {
  readonly pid: number;
  readonly directory: string;
  /** Environment at the start of the process, without changes that the program made to `process.env`. */
  readonly environment: NodeJS.ProcessEnv;
}

/** @throws CommandFailure when there is no such process, or it belongs to another user. */
export function readProcess(pid: number): RunningProcess {
  if (!existsSync('/proc/self/environ')) throw new CommandFailure('--pid reads /proc, which this system does not have.');
  try {
    const environment: NodeJS.ProcessEnv = {};
    for (const pair of readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')) {
      const at = pair.indexOf('=');
      if (at > 0) environment[pair.slice(0, at)] = pair.slice(at + 1);
    }
    return { pid, directory: readlinkSync(`/proc/${pid}/cwd`), environment };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') throw new CommandFailure(`There is no process ${pid}.`);
    throw new CommandFailure(
      `The environment of process ${pid} cannot be read (${code}). Run this as the user of the process, in its container: kubectl exec deploy/NAME -- npx spanwright doctor --pid 1.`,
    );
  }
}

const CONCERNS_TRACING = /^(?:OTEL_|SPANWRIGHT_|NODE_OPTIONS$)/;
const SECRET = /TOKEN|SECRET|PASSWORD|HEADERS|AUTHORIZATION/;
const LONGEST_VALUE = 300;

/** The variables that concern tracing, one finding each. */
export function checkEnvironment({ pid, environment }: RunningProcess): Finding[] {
  const names = Object.keys(environment).filter((name) => CONCERNS_TRACING.test(name));
  if (names.length === 0) return [ok(`process ${pid} was started without variables OTEL_* and SPANWRIGHT_*`)];
  return names.sort().map((name) => ok(`process ${pid} has ${name}=${maskedValue(name, environment[name] ?? '')}`));
}

function maskedValue(name: string, value: string): string {
  if (SECRET.test(name)) return value === '' ? '' : '***';
  if (name === 'NODE_OPTIONS') return printable(maskedOptions(value), LONGEST_VALUE);
  return printable(value.includes('://') ? withoutSecrets(value) : value, LONGEST_VALUE);
}

/** One word of NODE_OPTIONS; blanks may be in double quotes. */
const OPTION = /(?:"(?:\\.|[^"\\])*(?:"|$)|[^\s"])+/gsu;
const FILE_SCHEME = /(?<![\w+.-])file$/iu;

/** Masks the secrets of each URL. Paths, package names and `file:` URLs may contain `@` and are not changed. */
function maskedOptions(value: string): string {
  return value.replace(OPTION, (word) => {
    const at = word.indexOf('://');
    return at < 0 || FILE_SCHEME.test(word.slice(0, at)) ? word : withoutSecrets(word);
  });
}
