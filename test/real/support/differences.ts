// How two lists of spans differ, one line each: a span that only one list has, one that a list has twice, a field that differs. An
// empty answer means that nothing was lost, nothing made twice and nothing changed.

import { isDeepStrictEqual } from 'node:util';
import type { FlatSpan } from './otlp-json.js';

export function differences(found: readonly FlatSpan[], expected: readonly FlatSpan[]): string[] {
  const left = byId(found);
  const right = byId(expected);
  const lines: string[] = [];
  if (expected.length === 0) lines.push('no span was expected, so nothing was compared');
  for (const [id, [one, ...more]] of left) {
    if (more.length > 0) lines.push(`${id} "${one?.name}" arrived ${more.length + 1} times`);
    if (!right.has(id)) lines.push(`${id} "${one?.name}" arrived and was not expected`);
  }
  for (const [id, [wanted]] of right) {
    const [got] = left.get(id) ?? [];
    if (wanted === undefined) continue;
    if (got === undefined) lines.push(`${id} "${wanted.name}" is missing`);
    else lines.push(...fields(got, wanted).map((line) => `${id} "${wanted.name}" ${line}`));
  }
  return lines;
}

function fields(got: FlatSpan, wanted: FlatSpan): string[] {
  return (Object.keys(wanted) as (keyof FlatSpan)[])
    .filter((key) => !isDeepStrictEqual(got[key], wanted[key]))
    .map((key) => `${key}: ${JSON.stringify(got[key])} instead of ${JSON.stringify(wanted[key])}`);
}

function byId(spans: readonly FlatSpan[]): Map<string, FlatSpan[]> {
  const map = new Map<string, FlatSpan[]>();
  for (const span of spans) {
    const id = `${span.traceId}/${span.spanId}`;
    map.set(id, [...(map.get(id) ?? []), span]);
  }
  return map;
}
