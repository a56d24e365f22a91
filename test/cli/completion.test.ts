// The completion scripts in the shells that they are for: bash and fish complete, zsh loads its own.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { COMMANDS } from '../../cli/commands.js';
import { missingCommands, mustSkip } from '../missing.js';
import { spanwright } from './program.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
let directory: string;
const scriptOf = (shell: string) => join(directory, `completion.${shell}`);

test.before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'spanwright-completion-'));
  for (const shell of SHELLS) writeFileSync(scriptOf(shell), (await spanwright(['completion', shell])).out);
});
test.after(() => rmSync(directory, { recursive: true }));

function inBash(words: readonly string[]): string[] {
  const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _spanwright; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', script, 'bash', scriptOf('bash'), ...words], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '');
}

function inFish(words: readonly string[]): string[] {
  const script = 'source $argv[1]; complete -C $argv[2]';
  const found = execFileSync('fish', ['--no-config', '-c', script, scriptOf('fish'), words.join(' ')], { encoding: 'utf8' });
  return found
    .split('\n')
    .map((line) => line.split('\t')[0] as string)
    .filter((line) => line !== '');
}

const NAMES = COMMANDS.map(({ name }) => name);
const CASES: readonly (readonly [words: readonly string[], completions: readonly string[]])[] = [
  [
    ['spanwright', ''],
    [...NAMES, 'help'],
  ],
  [['spanwright', 'se'], ['set']],
  [
    ['spanwright', 'set', ''],
    ['tracing-enabled', 'rules', 'drop'],
  ],
  [['spanwright', 'set', 'tracing-e'], ['tracing-enabled']],
  [['spanwright', 'set', '--onl'], ['--only']],
  [['spanwright', 'spans', '--wat'], ['--watch']],
  [['spanwright', 'completion', 'f'], ['fish']],
  [['spanwright', 'status', '--wat'], []],
];

const withShells = mustSkip(missingCommands(...SHELLS)) ? test.skip : test;

for (const [words, completions] of CASES) {
  withShells(`"${words.join(' ')}" is completed in bash and fish`, () => {
    assert.equal(inBash(words).sort(), [...completions].sort(), 'bash');
    const fish = inFish(words);
    if (words.length > 2 && completions.length > 1)
      for (const word of completions) assert.ok(fish.includes(word), `fish: ${word}`);
    else assert.equal(fish.sort(), [...completions].sort(), 'fish');
  });
}

withShells('the value of an option is not taken for an argument', () => {
  assert.equal(inBash(['spanwright', 'set', '--for', '10m', 'ru']), ['rules']);
  assert.equal(inBash(['spanwright', 'set', '--for', '']), []);
  assert.ok(inBash(['spanwright', 'status', '--token-file', scriptOf('bash').slice(0, -4)]).includes(scriptOf('bash')));
});

withShells('zsh accepts its script, and knows it as the completion of spanwright', () => {
  const script = 'autoload -Uz compinit; compinit -u -D; source $1; print -r -- $_comps[spanwright]';
  const ran = spawnSync('zsh', ['-f', '-c', script, 'zsh', scriptOf('zsh')], { encoding: 'utf8' });
  assert.is(ran.stderr, '');
  assert.is(ran.stdout, '_spanwright\n');
});

test('an unknown shell is refused with the list of supported ones', async () => {
  const ran = await spanwright(['completion', 'powershell']);
  assert.is(ran.code, 2);
  assert.match(ran.err, 'expected one of bash, zsh, fish');
});

test.run();
