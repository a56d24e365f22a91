// Reads traces from a file of any form that the viewer knows: OTLP JSON (one document, or one a line as the Collector's file exporter
// writes), Jaeger JSON, and the lines of `spanwright receive --json`.

import type { ReceivedSpan } from '../receiver/decode.js';
import { type JaegerTrace, spansOfJaeger } from './jaeger-json.js';
import { fromOtlpJson } from './otlp-json.js';

/** Bytes of a file of traces at most: V8 holds no longer text. */
export const MOST_FILE_BYTES = 500 * 1024 * 1024;

/** @throws Error with the expected forms, when the text is in none of them. */
export function readTraces(text: string): ReceivedSpan[] {
  const documents = documentsIn(text);
  const spans = documents.flatMap(spansIn);
  if (spans.length === 0)
    throw new Error('found no spans; expected OTLP JSON, Jaeger JSON, or lines of "spanwright receive --json"');
  return spans;
}

function documentsIn(text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    return text.split('\n').flatMap((line) => {
      if (!line.startsWith('{')) return [];
      try {
        return [JSON.parse(line) as unknown];
      } catch {
        return [];
      }
    });
  }
}

function spansIn(document: unknown): ReceivedSpan[] {
  const { resourceSpans, data, traceId, startTimeUnixNano } = (document ?? {}) as Record<string, unknown>;
  if (resourceSpans !== undefined) return fromOtlpJson(document);
  if (Array.isArray(data)) return (data as JaegerTrace[]).flatMap(spansOfJaeger);
  if (typeof traceId === 'string' && typeof startTimeUnixNano === 'string') return [document as ReceivedSpan];
  return [];
}
