// How far the pipeline has got, from the metrics of its processes, as an operator would see it.

import { setTimeout as pause } from 'node:timers/promises';
import type { System } from './system.js';

export interface Progress {
  readonly received: number;
  readonly processed: number;
  /** Images in which something was found. */
  readonly found: number;
  readonly failed: number;
  readonly events: number;
  readonly alerts: number;
  readonly sampledOutSpans: number;
}

export async function progressOf(system: System): Promise<Progress> {
  const texts = await Promise.all([...system.operations.values()].map(async (at) => (await fetch(`${at}/metrics`)).text()));
  const lines = texts.join('\n').split('\n');
  const sum = (start: string): number =>
    lines
      .filter(
        (line) => line.startsWith(`${start}{`) || line.startsWith(`${start} `) || (start.endsWith('}') && line.startsWith(start)),
      )
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
  return {
    received: sum('hsi_images_received_total'),
    processed: sum('hsi_images_processed_total'),
    found: sum('hsi_images_processed_total{outcome="found"}'),
    failed: sum('hsi_images_processed_total{outcome="failed"}'),
    events: sum('hsi_events_total'),
    alerts: sum('hsi_alerts_total'),
    sampledOutSpans: sum('spanwright_spans_sampled_out_total'),
  };
}

/** Waits until every image that the API took has been looked at, and what was found has become an event. */
export async function settled(system: System, limitMs = 180_000): Promise<Progress> {
  const end = performance.now() + limitMs;
  for (;;) {
    const progress = await progressOf(system);
    if (progress.processed === progress.received && progress.events === progress.found) return progress;
    if (performance.now() > end) throw new Error(`The pipeline did not finish its work: ${JSON.stringify(progress)}`);
    await pause(100);
  }
}
