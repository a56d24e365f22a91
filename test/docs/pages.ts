// The README and the pages of docs/ as sections and code blocks, for the tests that run them.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(__dirname, '../..');

/** Every document with code for users. */
export const PAGES: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'transformer/README.md',
  'viewer/README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !/^(decisions|site)\b/.test(name))
    .map((name) => `docs/${name.replaceAll('\\', '/')}`)
    .sort(),
];

export interface Block {
  readonly page: string;
  /** `page:line`, for messages. */
  readonly place: string;
  readonly language: string;
  readonly code: string;
  /** The last line of text above the block, which often names its file. */
  readonly above: string;
  /** The heading that it is under. */
  readonly heading: string;
}

export function blocksOf(page: string): Block[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(({ index, 1: language = '', 2: code = '' }) => ({
    page,
    place: `${page}:${text.slice(0, index).split('\n').length}`,
    language,
    code,
    above: text.slice(0, index).trimEnd().split('\n').at(-1) ?? '',
    heading: [...text.slice(0, index).matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? '',
  }));
}

/** The path that the line above a block gives to it: `src/app.ts`, also with text behind it. */
export function fileOf({ above }: Block): string | undefined {
  return /^`([\w./-]+\.(?:ts|mts|mjs|json|toml|yaml))`/.exec(above)?.[1];
}

export interface Command {
  /** Text for the shell, without a prompt and without a comment. */
  readonly line: string;
  /** Lines below it, which show its output. */
  readonly output: string;
}

/** Commands of a block; if one has a prompt, the lines without one are output. */
export function commandsOf({ code }: Block): Command[] {
  const lines = code.replace(/ \\\n\s*/g, ' ').split('\n');
  const prompts = lines.some((line) => line.startsWith('$ '));
  const commands: { line: string; output: string }[] = [];
  for (const line of lines) {
    const last = commands.at(-1);
    if (prompts ? line.startsWith('$ ') : line.trim() !== '' && !line.startsWith('#'))
      commands.push({ line: line.replace(/^\$ /, '').replace(/\s{2,}#.*$/, ''), output: '' });
    else if (prompts && last !== undefined) last.output += `${line}\n`;
  }
  return commands;
}

/** Parts of an output that differ between runs: times, ids, durations, ports, versions of the runtime. Columns are one blank apart. */
export function normal(output: string): string {
  return output
    .replace(/\d{4}-\d\d-\d\dT[\d:.-]+Z/g, '<time>')
    .replace(/\b[0-9a-f]{32}\b/g, '<trace>')
    .replace(/\b[0-9a-f]{16}\b/g, '<span>')
    .replace(/\b\d+(\.\d+)? (µs|us|ms|s|min|h)( \d+ (s|min))?(?![\w/])/g, '<duration>')
    .replace(/\b(?:127\.0\.0\.1|localhost):\d+/g, '<loopback>')
    .split('\n')
    .map((line) => line.trimEnd().replace(/(?<=\S)\s{2,}/g, ' '))
    .join('\n')
    .trim();
}

/** True if an output is the one that a page shows, where `...` at the end of a line, or as a line, stands for what is left out. */
export function isShown(shown: string, output: string): boolean {
  const pattern = normal(shown)
    .split('\n')
    .map((line) =>
      line.trim() === '...' ? '(?:.*\n)*?.*' : line.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replace(/(?:\\\.){3}$/, '.*'),
    )
    .join('\n');
  return new RegExp(`^${pattern}$`).test(normal(output));
}

/** A block as a module: members of a class get a class. */
export function moduleOf(code: string, className = 'Example'): string {
  if (!/^(@instrument|constructor\(|\w+\(.*\) \{)/m.test(code.replace(/^import .*\n+/gm, '').split('\n')[0] ?? '')) return code;
  const imports = code.match(/^import .*$/gm) ?? [];
  const members = code.replace(/^import .*\n/gm, '');
  const lone = /^@instrument\(.*\)\s*$/.test(members) ? 'example(request: any) {}' : '';
  return `${imports.join('\n')}\nclass ${className} {\n${members}\n${lone}\n}`;
}

/** Pages that test/docs/start.test.ts follows, and the sections that belong to what a reader does; others of docs/start/nest.md are reference. */
export const FOLLOWED = ['node', 'express', 'fastify', 'hono', 'koa', 'nest', 'bun', 'deno'].map(
  (name) => `docs/start/${name}.md`,
);

export function isFollowed({ page, heading }: Block): boolean {
  return FOLLOWED.includes(page) && (['Run it', 'Switch it'].includes(heading) || heading === blocksOf(page)[0]?.heading);
}
