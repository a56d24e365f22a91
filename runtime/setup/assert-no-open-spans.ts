// assertNoOpenSpans(): for users' own tests. A test that leaves a span open fails with an error that names the site.

import { SpanwrightError } from '../errors.js';
import { endAbandoned } from '../open/abandoned.js';
import { state } from '../state.js';
import { counted } from '../text/counted.js';

const SHOWN = 20;

/**
 * For tests: throws when a recorded span has not ended.
 *
 * @throws SpanwrightError OPEN_SPANS naming each open span with its site, age and trace, oldest first, when there are any
 * @example afterEach(() => assertNoOpenSpans());
 */
export function assertNoOpenSpans(): void {
  const { open } = state;
  endAbandoned(open);
  if (open.count === 0) return;
  const lines: string[] = [];
  for (const span of open) {
    if (lines.length === SHOWN) {
      lines.push(`  and ${open.count - SHOWN} more`);
      break;
    }
    const { file, line, id } = span.site;
    const place = file === undefined ? id : `${id} (${file}:${line})`;
    lines.push(`  "${span.name}" of ${place}, open for ${Math.round(span.ageMs())} ms, trace ${span.spanContext().traceId}`);
  }
  throw new SpanwrightError('OPEN_SPANS', `${counted(open.count, 'span is', 'spans are')} open:\n${lines.join('\n')}`);
}
