// A trace id: a link where traces can be looked at. It is a column of its own, or, on a phone, a line below the span's name.

import { signal } from '@preact/signals';
import type { ComponentChild } from 'preact';

/** A link to a trace, with one of its spans chosen. */
export type TraceLink = (traceId: string, spanId: string) => ComponentChild;

interface TraceIdOptions {
  readonly traceId: string;
  readonly spanId: string;
  readonly link: TraceLink | undefined;
}

const phone = matchMedia('(max-width: 40rem)');
const narrow = signal(phone.matches);
phone.addEventListener('change', () => {
  narrow.value = phone.matches;
});

export function TraceColumn({ traceId, spanId, link }: TraceIdOptions) {
  return narrow.value ? null : <td class="mono dim">{link?.(traceId, spanId) ?? traceId}</td>;
}

export function TraceLine({ traceId, spanId, link }: TraceIdOptions) {
  return narrow.value ? <p class="mono dim">{link?.(traceId, spanId) ?? traceId}</p> : null;
}
