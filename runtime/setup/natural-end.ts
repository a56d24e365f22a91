// Natural end of a program, without a shutdown() and without a signal. Spanwright does not keep the process alive, so queued spans would be
// lost. They are sent when nothing else is left to do, within a second, so that a first script shows its spans and one whose Collector
// hangs still ends. Registered by startTracing().

import type { Pipeline } from '../export/pipeline.js';
import { guarded, reportFault } from '../fault.js';

const MOST_MS = 1000;

/** Listens until the returned function is called. */
export function onNaturalEnd(pipeline: Pipeline, shutdownTimeout: number): () => void {
  /** Spans that had ended at the last attempt: what could not be sent then is not tried again. */
  let tried = 0;

  const most = Math.min(MOST_MS, shutdownTimeout);
  const flushAtEnd = guarded('flush at the end', () => {
    const { queued, ended } = pipeline.counts;
    if (queued === 0 || ended === tried) return;
    tried = ended;
    pipeline.flushWithin(most).catch((fault) => reportFault('flush at the end', fault));
  });

  process.on('beforeExit', flushAtEnd);
  return () => void process.removeListener('beforeExit', flushAtEnd);
}
