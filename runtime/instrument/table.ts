// Reads the table of a compiled module: the text that transformer/print/table.ts writes. Called when the first of a module's functions needs
// its site.

import type { SiteRecord } from '../site/site.js';

/** One function of the module. */
export interface TableRow {
  readonly record: SiteRecord;
  /** The function is async: its prologue awaits the recorded call. */
  readonly async: boolean;
  /** True: recorded inline, between a start and an end in its own body. */
  readonly inline: boolean;
  /** Key under which its class registers it; undefined where it is registered in another way. */
  readonly found: { readonly kind: 'method' | 'getter' | 'setter'; readonly static: boolean } | undefined;
  /** It has a forwarder, which registers its own site. */
  readonly forwarded: boolean;
  /** Number of parameters of a marked function, or of one with a forwarder; else undefined. */
  readonly arity: number | undefined;
  /** The prologue passes the arguments as one list. */
  readonly listed: boolean;
  /** Numbers its direct parent. */
  readonly within: number;
}

/** Properties that the rows of a module share. */
export interface TableHead {
  /** Ends in `*` and perhaps a number where the path follows, without as many directories. */
  readonly namespace: string;
  readonly file: string;
  readonly text: string;
  readonly separator: string;
  readonly qualified: boolean;
}

/** name, line and column, flags, parameters, span name, what follows. */
const NODE = /([^{}[\],:=()]*)(?::(-?[0-9a-z]+)\.([0-9a-z]+)([A-Z]*)(?:\(([^)]*)\))?(?:=([^{}[\],]*))?)?([{}[\],]*)/y;

interface Scope {
  readonly namespace: string;
  /** Name of the class or object literal, the first half of a span name. */
  readonly owner: string | undefined;
  readonly number: number;
}

export function rowsOf({ namespace, file, text, separator, qualified }: TableHead): TableRow[] {
  const rows: TableRow[] = [];
  const scopes: Scope[] = [{ namespace: wholeNamespace(namespace, file, separator), owner: undefined, number: 0 }];
  let line = 0;
  let count = 0;
  NODE.lastIndex = 0;
  while (NODE.lastIndex < text.length) {
    const [, name = '', delta, column, flags = '', parameters, given, marks = ''] = NODE.exec(text) as RegExpExecArray;
    const scope = scopes.at(-1) as Scope;
    const own = functionName(name, flags);
    const below = joined(scope.namespace, segment(own, separator), separator);
    if (delta !== undefined) {
      line += Number.parseInt(delta, 36);
      const named = parameters === undefined ? undefined : parametersIn(parameters);
      const [async, inline] = [flags.includes('A'), flags.includes('I')];
      const record: SiteRecord = {
        namespace: scope.namespace,
        function: own,
        name: given === undefined ? nameOf(own, scope, flags, qualified, separator) : unescaped(given),
        ...(separator !== '::' && { separator }),
        file,
        line,
        column: Number.parseInt(column as string, 36),
        ...(named !== undefined && { parameters: named }),
        shape: shapeBy(flags),
      };
      const [listed, forwarded] = [flags.includes('L'), flags.includes('F')];
      const [found, arity, within] = [foundBy(flags), named?.length, scope.number];
      rows.push({ record, async, inline, found, forwarded, arity, listed, within });
    }
    for (const mark of marks.replaceAll(',', '')) {
      if (mark === '}' || mark === ']') scopes.pop();
      else scopes.push({ namespace: below, owner: mark === '{' ? own : undefined, number: ++count });
    }
  }
  return rows;
}

/** Appends the path to a namespace that is written as `root*1`, as the transformer's naming does. */
function wholeNamespace(written: string, file: string, separator: string): string {
  const [root = '', skipped] = written.split('*');
  if (skipped === undefined) return written;
  const parts = file.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
  const stem = (parts.pop() ?? '').replace(/\.[cm]?[jt]sx?$/, '');
  if (stem !== 'index' && stem !== '') parts.push(stem);
  const below = parts.slice(Number(skipped)).map((part) => segment(part, separator));
  return [...(root === '' ? [] : [root]), ...below].join(separator);
}

function functionName(name: string, flags: string): string {
  return unescaped(name) + (flags.includes('K') ? ' callback' : '');
}

function parametersIn(text: string): string[] {
  return text === '' ? [] : text.split(',').map(unescaped);
}

function nameOf(own: string, { namespace, owner }: Scope, flags: string, qualified: boolean, separator: string): string {
  if (qualified) return joined(namespace, own, separator);
  if (flags.includes('N')) return `new ${owner}`;
  return owner === undefined ? own : `${owner}.${own}`;
}

function foundBy(flags: string): TableRow['found'] {
  const kind = flags.includes('M') ? 'method' : flags.includes('G') ? 'getter' : flags.includes('T') ? 'setter' : undefined;
  return kind && { kind, static: flags.includes('S') };
}

function shapeBy(flags: string): NonNullable<SiteRecord['shape']> {
  const async = flags.includes('A');
  if (flags.includes('Y')) return async ? 'async generator' : 'generator';
  return async ? 'async' : 'sync';
}

function joined(outer: string, inner: string, separator: string): string {
  return outer === '' ? inner : `${outer}${separator}${inner}`;
}

/** Replaces by `_` what would end a namespace in a rule, as the transformer's naming does. */
function segment(text: string, separator: string): string {
  return text
    .split(separator)
    .join('_')
    .replace(/[\s,=*:]/gu, '_');
}

function unescaped(text: string): string {
  return text.includes('%') ? decodeURIComponent(text) : text;
}
