// The API's metrics. Queue depths are read when Prometheus asks.

import { Counter, Gauge, Histogram } from 'prom-client';
import { BATCHES, EVENTS, IMAGES, type Redis } from '../pipeline/queues.js';

export const imagesReceived = new Counter({
  name: 'hsi_images_received_total',
  help: 'Images that cameras sent.',
  labelNames: ['camera'] as const,
});

export const requestSeconds = new Histogram({
  name: 'hsi_http_request_duration_seconds',
  help: 'Time to answer a request.',
  labelNames: ['method', 'route', 'status'] as const,
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
});

export function watchQueues(redis: Redis): void {
  depth('hsi_detection_queue_depth', 'Images that wait for a detector.', () => redis.xLen(IMAGES));
  depth('hsi_analysis_queue_depth', 'Batches that wait for the analyzer.', () => redis.lLen(BATCHES));
  depth('hsi_event_queue_depth', 'Results that wait to become events.', () => redis.lLen(EVENTS));
}

function depth(name: string, help: string, read: () => Promise<number>): void {
  new Gauge({
    name,
    help,
    async collect() {
      this.set(await read());
    },
  });
}
