// Results of a run: the spans that arrived and the lines that the services logged, and queries over both.

import type { ReceivedSpan } from '@spanwright/viewer';

/** A line of logfmt as a record. */
export type Line = ReadonlyMap<string, string>;

const FIELD = /([^\s=]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g;

export class RunRecord {
  readonly spans: ReceivedSpan[] = [];
  readonly lines: Line[] = [];

  addLog(text: string): void {
    const fields = [...text.matchAll(FIELD)].map(([, key = '', quoted, plain = '']) => [key, quoted ?? plain] as const);
    this.lines.push(new Map(fields));
  }

  /** Lines with these values, from index `first` on. */
  logged(values: Readonly<Record<string, string>>, first = 0): Line[] {
    return this.lines.slice(first).filter((line) => Object.entries(values).every(([key, value]) => line.get(key) === value));
  }

  trace(id: string): ReceivedSpan[] {
    return this.spans.filter(({ traceId }) => traceId === id);
  }
}

export function serviceOf(span: ReceivedSpan): string {
  return String(span.resource.attributes['service.name']);
}
