// The text printer: applies a plan to the authored text, in place, with a source map. For every host whose compiler takes no
// transformer. Lines stay where they are unless checks have lines of their own: added text goes onto existing lines, and authored code is
// never moved.

import MagicString, { type SourceMap } from 'magic-string';
import type { Edit, Plan } from '../core/edit.js';
import { isInside } from '../core/rows.js';
import type { Inline, Range, Returned, Site } from '../core/site.js';
import type { Code } from './code.js';
import { type CodeEdit, codeOf, fieldContext, named } from './forwarder.js';
import { inlineText, isHinted, opening, prologueLine, registrations } from './prologue.js';
import { type Piece, printedText, propertyName } from './text.js';

interface TextRequest {
  readonly text: string;
  /** Name of the source in the map. */
  readonly source: string;
  readonly plan: Plan;
  /** Offset of the first statement that is no directive: imports come before it. */
  readonly start: number;
  /** Has import or export statements; else `require` is what loads. */
  readonly module: boolean;
  /** Name of a function exported by default, where the export has to be assigned too: in CommonJS that TypeScript writes. */
  readonly assignedDefault: string | undefined;
  /** For a development server, which loads the file again after an edit: the sites of its earlier version are then replaced. */
  readonly reloadable?: boolean;
  /** Checks are on lines of their own, for a compiler that prints the text again: tools that measure coverage ignore lines without a mapping. */
  readonly ownLines?: boolean;
}

export interface Printed {
  readonly code: string;
  /** The source map for other tools, exact to the word; created on demand. */
  readonly map: SourceMap;
  /** For each line its pieces: column in the code, source, line and column of the authored text. Between two pieces, both advance alike. */
  readonly pieces: DecodedMap['mappings'];
}

type DecodedMap = ReturnType<MagicString['generateDecodedMap']>;

/** Placeholder in rendered code for an authored part that stays. Literals never contain it, because they are escaped. */
const HOLE = '\u0000';

export function printToText(request: TextRequest): Printed {
  const { text, source, plan, start, module, assignedDefault, reloadable, ownLines = false } = request;
  const printed = new MagicString(text);
  const { binding, sites, edits, module: names } = plan;
  const kept: string[] = [];
  const authored: Piece = ({ start: from, end }) => text.slice(from, end);

  /** Puts code in place of a range, round the authored parts that lie within it and stay. */
  function replace(at: Range, render: (piece: Piece) => string): void {
    const holes: Range[] = [];
    const rendered = render((part) => {
      if (part.start < at.start || part.end > at.end) return authored(part);
      holes.push(part);
      return HOLE;
    });
    let from = at.start;
    rendered.split(HOLE).forEach((piece, index) => {
      const to = holes[index]?.start ?? at.end;
      // Edits come from the outside in: an inner opening text goes behind an outer one, an inner closing text before it.
      if (to > from) printed.update(from, to, piece);
      else if (index === 0) printed.appendLeft(from, piece);
      else printed.prependRight(from, piece);
      from = holes[index]?.end ?? at.end;
    });
  }

  function apply(edit: Edit): void {
    if (edit.kind === 'remove decorator') printed.remove(edit.at.start, edit.at.end);
    else if (edit.kind === 'register members') addBlock(edit.at, registrations(edit, plan));
    else if (edit.kind === 'add members') addBlock(edit.at, [codeOf(edit, plan)]);
    else if (edit.kind === 'decorate field') decorateField(edit);
    else if (edit.kind === 'wrap method')
      replace(edit.at, (piece) => `${propertyName(edit.key)}: ${printedText(codeOf(edit, plan), piece)}`);
    else if (edit.kind !== 'rebind') replace(edit.at, (piece) => printedText(codeOf(edit as CodeEdit, plan), piece));
  }

  function addBlock({ start: at }: Range, statements: readonly Code[]): void {
    printed.appendLeft(at, onOwnLine(`static{${statements.map((code) => printedText(code, authored)).join(';')}}`));
  }

  function onOwnLine(added: string): string {
    return ownLines ? `\n${added}\n` : added;
  }

  /** Puts text at the head and at the end of a body; that of an expression becomes a block. */
  function surround({ at, inside }: { at: Range; inside: number | null }, first: string, last: string): void {
    const [head, tail] = [onOwnLine(first), last && ownLines ? `\n${last}` : last];
    if (inside === null) {
      printed.appendLeft(at.start, `{${head}return `);
      printed.prependRight(at.end, `${tail}}`);
      return;
    }
    printed.appendLeft(inside, inside > at.start + 1 && !/[;\s]$/.test(text.slice(0, inside)) ? `;${head}` : head);
    if (tail !== '') printed.prependRight(at.end - 1, tail);
  }

  function enter(site: Site): void {
    const { prologue, inline } = site;
    if (prologue !== undefined) surround(prologue, prologueLine(site, names, isHinted(site, plan)), '');
    if (inline === undefined) return;
    const { start, fail, end } = inlineText(site, names);
    surround(inline, `${start};try{`, `}catch(${names.error}){${fail}}finally{${end}}`);
  }

  function keep(site: Site, { start, end, list }: Returned): void {
    const { keep: text } = inlineText(site, names);
    printed.appendLeft(start, list ? `${text}(` : text);
    if (list) printed.prependRight(end, ')');
  }

  /** As in the AST printer: the decorator is evaluated in its place, what it makes is kept, and the value goes through it. */
  function decorateField(edit: Edit & { kind: 'decorate field' }): void {
    const variable = `${binding}_field_${kept.length + 1}`;
    kept.push(variable);
    const context = fieldContext(edit, sites).map((part) => printedText(part, authored));
    const decorator = codeOf(edit, plan);
    replace(edit.at, (piece) => `(${variable} = ${printedText(decorator, piece)}(${context.join(', ')}), () => {})`);
    const value = named({ is: 'authored', at: edit.body }, edit.name);
    replace(edit.body, (piece) => `(${variable} || ((initial) => initial)).call(this, ${printedText(value, piece)})`);
  }

  function rebinding(edit: Edit & { kind: 'rebind' }): string {
    const local = authored(edit.name);
    const code = printedText(codeOf(edit, plan), authored);
    const target = local === assignedDefault ? `exports.default = ${local}` : local;
    return `${target} = ${code};`;
  }

  // Outer edits come first. Of two edits that end at one place, the one that is applied later is closed first.
  const changes = [
    ...edits.map((edit) => ({ at: edit.at, rank: 1, apply: () => apply(edit) })),
    ...sites
      .filter(isInside)
      .flatMap((site) => [
        { at: (site.prologue ?? (site.inline as Inline)).at, rank: 0, apply: () => enter(site) },
        ...(site.inline?.returns ?? []).map((at) => ({ at, rank: 0.5, apply: () => keep(site, at) })),
      ]),
  ];
  changes.sort((a, b) => a.at.start - b.at.start || b.at.end - a.at.end || a.rank - b.rank);
  for (const change of changes) change.apply();
  const variables = kept.length === 0 ? [] : [`var ${kept.join(', ')};`];
  const rebound = edits.flatMap((edit) => (edit.kind === 'rebind' ? [rebinding(edit)] : []));
  printed.prependLeft(start, onOwnLine([...opening(plan, module, reloadable === true), ...variables, ...rebound].join(' ')));
  return {
    code: printed.toString(),
    get map() {
      return printed.generateMap({ source, includeContent: true, hires: 'boundary' });
    },
    get pieces() {
      return printed.generateDecodedMap({ source }).mappings;
    },
  };
}
