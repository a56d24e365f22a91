// `npm run check` and test/house/language.test.ts: the words that this project does not use, the openings of comments, the length of
// paragraphs in docs, and the subjects of commits. Each finding names the line and the rule; the exceptions stand in
// language-exceptions.json, each with its reason.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { PROJECT, projectFiles } from './sources.js';

/** A piece of prose: one comment, one string of several words, or one paragraph of a document. */
interface Prose {
  readonly kind: 'comment' | 'string' | 'paragraph';
  readonly text: string;
  readonly line: number;
}

export interface Finding {
  readonly place: string;
  readonly rule: string;
  readonly found: string;
}

interface Exception {
  readonly file: string;
  /** The exact words that are allowed in this file. */
  readonly found: string;
  readonly reason: string;
}

/** Words to avoid, beside what to write instead. A space matches any white space, line ends too. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\b(tell|tells|told|telling)\b(?! apart)/i, 'log, report, return or throw'],
  [/\b(tell|tells|told|telling) apart\b/i, 'distinguish'],
  [/\b(is|are|was|were|be|been|gets?) said\b/i, 'log, report, return or throw'],
  [/\bhand(s|ed|ing)? on\b/i, 're-export, propagate or forward'],
  [/\bneighbou?rs?\b/i, 'third-party instrumentation, or instrumented library'],
  [/\bstrangers?\b/i, 'unauthenticated or remote caller'],
  [/\bthe way out\b/i, 'export'],
  [/(?<!\bthere )\b(is|are) none\b/i, 'invalid, empty or missing'],
  [/\banew\b/i, 'again'],
  [/\bdearer\b/i, 'slower, or more expensive'],
  [/\bat rest\b/i, 'idle'],
  [/\bthe collector\b/, "Collector, OpenTelemetry's"],
  [/\bmend(s|ed|ing)?\b/i, 'fix'],
  [/\b(whatever|whoever)\b/i, 'regardless of, or any'],
  [/\bof ours\b/i, "Spanwright's, the user's or third-party"],
  [/\bsomebody else('s)?\b/i, 'third-party'],
  [/\b(fate|story|lent)\b/i, 'the term for what it is'],
  [/\b(begins|ends) by itself\b/i, 'starts, or expires'],
  [/\b(stands?|stood)\b(?! for| out|-)/i, 'is, comes, or the term for what it is'],
  [/\bfresh\b(?! (clone|install))/i, 'new'],
];
const PATTERNS = WORDS.map(
  ([pattern, instead]) => [new RegExp(pattern.source.replaceAll(' ', '\\s+'), pattern.flags), instead] as const,
);

const OPENING = /^(What|Whether|Where|Whose|Who)\b/;
/** Five lines of the width at which documents are wrapped. */
const PARAGRAPH_LIMIT = 5 * 140;
const SUBJECT_LIMIT = 72;
/** Strings that hold programs. */
const CODE = /[;{}]|=>/;
/** Inputs and expected outputs of the compiler, and the list of words itself. */
const NOT_READ = /^test\/(golden|fixtures)\/|^test\/house\/language/;

/** Start and end of every comment. @param texts start and end of each literal, which may look as if it held one */
function* commentsOf(source: string, texts: readonly (readonly [number, number])[]): Iterable<readonly [number, number]> {
  const comment = /\/\/.*|\/\*[\s\S]*?\*\//g;
  let at = 0;
  for (let match = comment.exec(source); match !== null; match = comment.exec(source)) {
    while ((texts[at]?.[1] ?? Number.POSITIVE_INFINITY) <= match.index) at++;
    const text = texts[at];
    if (text !== undefined && text[0] <= match.index) [, comment.lastIndex] = text;
    else yield [match.index, comment.lastIndex];
  }
}

/** Comments and strings of several words of a TypeScript file; adjoining `//` lines are one comment. */
function proseOfCode(path: string, source: string): Prose[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, false);
  const lineAt = (position: number): number => file.getLineAndCharacterOfPosition(position).line + 1;
  /** Start and end of each piece of text in which two slashes open no comment, in the order of the source. */
  const texts: (readonly [number, number])[] = [];
  const found: Prose[] = [];
  const visit = (node: ts.Node): void => {
    if (node.kind >= ts.SyntaxKind.FirstLiteralToken && node.kind <= ts.SyntaxKind.LastTemplateToken)
      texts.push([node.getStart(file), node.end]);
    else if (ts.isJsxText(node)) texts.push([node.pos, node.end]);
    if (ts.isStringLiteralLike(node) || node.kind === ts.SyntaxKind.TemplateHead || ts.isTemplateMiddleOrTemplateTail(node)) {
      const { text } = node as ts.LiteralLikeNode;
      if (text.trim().split(/\s+/).length >= 3 && !CODE.test(text))
        found.push({ kind: 'string', text, line: lineAt(node.getStart(file)) });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  let last: { text: string; line: number; endLine: number } | undefined;
  for (const [pos, end] of commentsOf(source, texts)) {
    const raw = source.slice(pos, end);
    const [line, endLine] = [lineAt(pos), lineAt(end)];
    const alone = /^\s*$/.test(source.slice(source.lastIndexOf('\n', pos - 1) + 1, pos));
    if (raw.startsWith('//') && last !== undefined && alone && last.endLine === line - 1) {
      last.text += `\n${raw.slice(2)}`;
      last.endLine = endLine;
      continue;
    }
    if (last !== undefined) found.push({ kind: 'comment', text: last.text, line: last.line });
    const text = raw.startsWith('//') ? raw.slice(2) : raw.replace(/^\/\*+|\*+\/$/g, '').replace(/^\s*\* ?/gm, '');
    last = { text, line, endLine: raw.startsWith('//') && alone ? endLine : -1 };
  }
  if (last !== undefined) found.push({ kind: 'comment', text: last.text, line: last.line });
  return found;
}

/** Paragraphs, items of lists and rows of tables of a Markdown file, without code. */
function proseOfDocument(source: string): Prose[] {
  const prose = source.replace(/^(```|~~~)[\s\S]*?^\1/gm, (block) => block.replace(/[^\n]/g, ''));
  const found: Prose[] = [];
  let from: { line: number; lines: string[] } | undefined;
  const end = (): void => {
    if (from !== undefined) found.push({ kind: 'paragraph', text: from.lines.join('\n'), line: from.line });
    from = undefined;
  };
  for (const [index, line] of prose.split('\n').entries()) {
    if (/^\s*$|^\s*([-*+]|\d+\.) |^#|^\s*\||^>/.test(line)) end();
    if (/^\s*$/.test(line)) continue;
    from ??= { line: index + 1, lines: [] };
    from.lines.push(line);
  }
  end();
  return found;
}

const withoutCode = (text: string): string => text.replace(/`[^`]*`/g, (code) => code.replace(/[^\n]/g, ' '));

/** Findings in one file, by the kind of the file. */
export function languageOf(path: string, source: string): Finding[] {
  const pieces = path.endsWith('.md') ? proseOfDocument(source) : proseOfCode(path, source);
  return pieces.flatMap(({ kind, text, line }): Finding[] => {
    const prose = withoutCode(text);
    const findings: Finding[] = [];
    const opening = kind === 'comment' ? OPENING.exec(prose.trim()) : null;
    if (opening !== null)
      findings.push({ place: `${path}:${line}`, rule: 'opens with a noun or an imperative verb', found: opening[0] });
    for (const [pattern, instead] of PATTERNS) {
      const match = pattern.exec(prose);
      if (match === null) continue;
      const at = line + prose.slice(0, match.index).split('\n').length - 1;
      findings.push({ place: `${path}:${at}`, rule: `write: ${instead}`, found: match[0] });
    }
    const isTable = /^\s*\|/.test(text);
    if (kind === 'paragraph' && !isTable && text.length > PARAGRAPH_LIMIT) {
      findings.push({
        place: `${path}:${line}`,
        rule: `at most ${PARAGRAPH_LIMIT} characters a paragraph`,
        found: `${text.length}`,
      });
    }
    return findings;
  });
}

/** Subjects over the limit or without an area. */
export function languageOfSubjects(subjects: readonly string[]): Finding[] {
  return subjects.flatMap((subject): Finding[] => {
    const rule = `commit subject: "area: imperative", at most ${SUBJECT_LIMIT} characters`;
    const sound = subject.length <= SUBJECT_LIMIT && /^[^:]+: \S/.test(subject);
    return sound || /^(Merge|Revert) /.test(subject) ? [] : [{ place: subject, rule, found: `${subject.length} characters` }];
  });
}

/** Subjects since the last tag, or of the newest hundred commits of a repository without one; none outside of a repository. */
function subjects(): string[] {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: PROJECT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  let range = ['-100'];
  try {
    range = [`${git('describe', '--tags', '--abbrev=0')}..HEAD`];
  } catch {} // no tag yet
  return git('log', '--no-merges', '--format=%s', ...range).split('\n');
}

/** Findings in the whole project that no exception covers, then exceptions that cover nothing. */
function languageOfProject(): Finding[] {
  const exceptions: Exception[] = JSON.parse(readFileSync(join(PROJECT, 'test/house/language-exceptions.json'), 'utf8'));
  const unused = new Set(exceptions);
  const isException = ({ place, found }: Finding): boolean => {
    const exception = exceptions.find((one) => place.startsWith(`${one.file}:`) && one.found === found);
    if (exception !== undefined) unused.delete(exception);
    return exception !== undefined;
  };
  const files = projectFiles().filter((path) => /\.(m?ts|tsx|md)$/.test(path) && !NOT_READ.test(path));
  const findings = files.flatMap((path) => languageOf(path, readFileSync(join(PROJECT, path), 'utf8')));
  return [
    ...[...findings, ...languageOfSubjects(subjects())].filter((finding) => !isException(finding)),
    ...[...unused].map(({ file, found }) => ({ place: file, rule: 'an exception that nothing needs', found })),
  ];
}

if (require.main === module) {
  const findings = languageOfProject();
  for (const { place, rule, found } of findings) console.error(`${place}: "${found}": ${rule}`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
