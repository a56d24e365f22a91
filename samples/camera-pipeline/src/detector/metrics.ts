// The detector's metrics.

import { Counter, Histogram } from 'prom-client';

export const detectionSeconds = new Histogram({
  name: 'hsi_detection_duration_seconds',
  help: 'Time to process one image.',
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
});

export const imagesProcessed = new Counter({
  name: 'hsi_images_processed_total',
  help: 'Processed images by outcome: an object was found, none was found, or the image could not be read.',
  labelNames: ['outcome'] as const,
});

export const detections = new Counter({
  name: 'hsi_detections_total',
  help: 'Objects that were found in images.',
  labelNames: ['camera'] as const,
});

export const pipelineErrors = new Counter({
  name: 'hsi_pipeline_errors_total',
  help: 'Work that failed, by the stage of the pipeline.',
  labelNames: ['stage'] as const,
});

export const batchImages = new Histogram({
  name: 'hsi_batch_images',
  help: 'Images in a batch.',
  buckets: [1, 2, 4, 8, 16],
});
