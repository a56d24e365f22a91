// The event writer's metrics.

import { Counter } from 'prom-client';

export const events = new Counter({
  name: 'hsi_events_total',
  help: 'Events that were created.',
  labelNames: ['camera', 'object', 'priority'] as const,
});

export const alerts = new Counter({
  name: 'hsi_alerts_total',
  help: 'Events that raised an alert at once.',
  labelNames: ['camera'] as const,
});

export const pipelineErrors = new Counter({
  name: 'hsi_pipeline_errors_total',
  help: 'Work that failed, by the stage of the pipeline.',
  labelNames: ['stage'] as const,
});
