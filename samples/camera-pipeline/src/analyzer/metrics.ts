// The analyzer's metrics.

import { Counter, Gauge, Histogram } from 'prom-client';

export const inferenceSeconds = new Histogram({
  name: 'hsi_inference_latency_seconds',
  help: 'Time until the inference server has answered for one batch.',
  labelNames: ['model'] as const,
  buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.25, 1],
});

export const classified = new Counter({
  name: 'hsi_objects_total',
  help: 'Objects, by the class that the model assigns.',
  labelNames: ['object'] as const,
});

export const modelAccuracy = new Gauge({
  name: 'hsi_model_accuracy_ratio',
  help: 'Share of held-out images that the model classifies correctly.',
  labelNames: ['model'] as const,
});

export const pipelineErrors = new Counter({
  name: 'hsi_pipeline_errors_total',
  help: 'Work that failed, by the stage of the pipeline.',
  labelNames: ['stage'] as const,
});
