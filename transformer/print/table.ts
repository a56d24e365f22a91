// The module's table as text: a tree of names in the order of the source. Read by runtime/instrument/table.ts, which undoes it.
//
//     name                      a class, function or namespace that is no row itself
//     name:LINE.COLUMN FLAGS    a row; the line counts from that of the row before, numbers are of base 36
//     (a,b)                     parameters, of marked functions and of those with a forwarder
//     =name                     span name, where it is not the usual one
//     {...} or [...]            its children: `{` of a class or an object literal, `[` of all others

import { isInside, rowsOf } from '../core/rows.js';
import type { Site } from '../core/site.js';

interface Open {
  /** Offset of its end. */
  readonly end: number;
  /** Closing bracket, once there is something within. */
  close: string | undefined;
}

/** @param qualified span names are qualified ones, so that none is written */
export function tableText(sites: readonly Site[], qualified: boolean): string {
  const open: Open[] = [];
  let text = '';
  let line = 0;
  /** Nothing comes before the next name in its list. */
  let first = true;

  function closeTo(depth: number): void {
    while (open.length > depth) {
      const { close } = open.pop() as Open;
      if (close === undefined) continue;
      text += close;
      first = false;
    }
  }

  /** Makes the innermost open name a list. */
  function enter(owner: boolean): void {
    const last = open.at(-1);
    if (last === undefined || last.close !== undefined) return;
    text += owner ? '{' : '[';
    last.close = owner ? '}' : ']';
    first = true;
  }

  function put(end: number, node: string): void {
    text += `${first ? '' : ','}${node}`;
    first = false;
    open.push({ end, close: undefined });
  }

  for (const site of rowsOf(sites)) {
    const { segments, scopes, end } = site.place;
    let shared = 0;
    while (shared < segments.length && open[shared]?.end === scopes[shared]?.end) shared++;
    closeTo(shared);
    for (let depth = shared; depth < segments.length; depth++) {
      if (depth > 0) enter(scopes[depth - 1]?.owner === true);
      put(scopes[depth]?.end ?? 0, escaped(segments[depth] as string));
    }
    if (segments.length > 0) enter(scopes.at(-1)?.owner === true);
    put(end, row(site, line, qualified));
    line = site.record.line ?? 0;
  }
  closeTo(0);
  return text;
}

function row(site: Site, before: number, qualified: boolean): string {
  const { record, marked } = site;
  const { line = 0, column = 0, parameters = [] } = record;
  const name = site.role === 'callback' ? record.function.slice(0, -CALLBACK.length) : record.function;
  const given = marked || !isInside(site) ? `(${parameters.map(escaped).join(',')})` : '';
  const named = qualified || record.name === usualName(site) ? '' : `=${escaped(record.name)}`;
  return `${escaped(name)}:${(line - before).toString(36)}.${column.toString(36)}${flagsOf(site)}${given}${named}`;
}

const CALLBACK = ' callback';

function usualName({ record, place, role }: Site): string {
  const owner = place.scopes.at(-1)?.owner === true ? place.segments.at(-1) : undefined;
  if (role === 'constructor') return `new ${owner}`;
  return owner === undefined ? record.function : `${owner}.${record.function}`;
}

/** `A`sync, `Y`ields, `F`orwarder, `I`nline, `L`isted arguments, `K` for callbacks, `N`ew; `M`ethod, `G`etter or `T` for a setter, perhaps `S`tatic, where the class registers it. */
function flagsOf(site: Site): string {
  const {
    prologue,
    inline,
    role,
    found,
    record: { shape = '' },
  } = site;
  const kind = found === undefined ? '' : { method: 'M', getter: 'G', setter: 'T' }[found.kind];
  return [
    shape.startsWith('async') ? 'A' : '',
    shape.endsWith('generator') ? 'Y' : '',
    isInside(site) ? '' : 'F',
    inline === undefined ? '' : 'I',
    prologue?.listed ? 'L' : '',
    role === 'callback' ? 'K' : role === 'constructor' ? 'N' : '',
    kind,
    found?.static ? 'S' : '',
  ].join('');
}

/** Half of a surrogate pair has no UTF-8, and could not be exported. */
function escaped(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/[^\p{ID_Continue}$ .<>#@/-]/gu, (one) => encodeURIComponent(one).replace(/[()'*!~]/g, hexadecimal));
}

function hexadecimal(character: string): string {
  return `%${character.charCodeAt(0).toString(16)}`;
}
