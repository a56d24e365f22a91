// `spanwright spans [--watch]`: what is open right now, oldest first, which no tracing backend can show.

import { printable } from '../../runtime/text/printable.js';
import type { OpenSpanReport } from '../../runtime/tracing.js';
import { EXIT, type Invocation } from '../command.js';
import { type Column, shortDuration, styled, table } from '../table.js';
import { ask, withQuery } from './ask.js';

interface SpansAnswer {
  readonly total: number;
  readonly spans: readonly OpenSpanReport[];
}

const EVERY_MILLISECONDS = 1000;
const CLEAR_SCREEN = '\u001b[H\u001b[2J';

const COLUMNS: readonly Column<OpenSpanReport>[] = [
  { title: 'AGE', of: (span) => shortDuration(span.ageMs), number: true },
  { title: 'NAME', of: (span) => span.name },
  { title: 'NAMESPACE', of: (span) => span.namespace, most: 80 },
  { title: 'TRACE', of: (span) => span.traceId },
  { title: 'SPAN', of: (span) => span.spanId },
];

/** Attributes are present only with the token for changes. */
function attributeLines({ attributes }: OpenSpanReport): string[] {
  return Object.entries(attributes ?? {}).map(
    ([key, value]) => `    ${printable(key, 100)} = ${printable(JSON.stringify(value) ?? '', 200)}`,
  );
}

function spanLines({ total, spans }: SpansAnswer, colours: boolean): string[] {
  if (spans.length === 0) return ['No span is open.'];
  const [head = '', ...rows] = table(COLUMNS, spans, colours);
  const body = rows.flatMap((row, at) => [
    row,
    ...attributeLines(spans[at] as OpenSpanReport).map((line) => styled(line, 'dim', colours)),
  ]);
  return [head, ...body, ...(spans.length < total ? [`The oldest ${spans.length} of ${total}.`] : [])];
}

async function show(invocation: Invocation): Promise<void> {
  const { options, out, colours } = invocation;
  const answer = await ask<SpansAnswer>(invocation, 'GET', withQuery('spans/open', { limit: options.get('limit') }));
  if (options.has('json')) return out(JSON.stringify(answer));
  const watched = options.has('watch');
  if (watched && colours) process.stdout.write(CLEAR_SCREEN);
  if (watched) out(styled(`${new Date().toISOString()}  ${answer.total} open`, 'bold', colours));
  for (const line of spanLines(answer, colours)) out(line);
}

export async function runSpans(invocation: Invocation): Promise<number> {
  if (!invocation.options.has('watch')) {
    await show(invocation);
    return EXIT.done;
  }
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const { setTimeout: wait } = await import('node:timers/promises');
  while (!stop.signal.aborted) {
    await show(invocation);
    await wait(EVERY_MILLISECONDS, undefined, { signal: stop.signal }).catch(() => undefined);
  }
  return EXIT.done;
}
