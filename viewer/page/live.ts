// Live changes: one stream of server-sent events for the page, as signals. While the page is paused `tick` does not grow; the stream
// reconnects by itself.

import { signal } from '@preact/signals';
import { sendToViewer } from './api.js';

interface Change {
  readonly revision: number;
  readonly traces: number;
  readonly received: number;
  readonly releasedTraces: number;
  readonly open: number;
}

/** Counts of the last event. */
export const counts = signal<Change | undefined>(undefined);
/** Grows when the views have to read again; not while paused. */
export const tick = signal(0);
export const paused = signal(false);
export const connected = signal(true);

const RECONNECT_MS = 1000;

export function connect(): void {
  void follow();
}

export function setPaused(value: boolean): void {
  paused.value = value;
  if (!value) tick.value += 1;
}

async function follow(): Promise<void> {
  for (;;) {
    try {
      const response = await sendToViewer('/api/events');
      if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
      connected.value = true;
      tick.value += 1;
      await readEvents(response.body);
    } catch {
      connected.value = false;
    }
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}

async function readEvents(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>).getReader();
  let pending = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    pending += part.value;
    const events = pending.split('\n\n');
    pending = events.pop() ?? '';
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data === undefined) continue;
      counts.value = JSON.parse(data) as Change;
      if (!paused.value) tick.value += 1;
    }
  }
}
