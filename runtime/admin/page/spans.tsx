// The open spans, oldest first.

import type { OpenSpanReport } from '../../tracing.js';
import { duration, shortCount } from './format.js';
import type { Service } from './service.js';
import { TableHead } from './table-head.js';
import { TraceColumn, TraceLine, type TraceLink } from './trace-id.js';

export function OpenSpanPanel({ service, link }: { service: Service; link: TraceLink | undefined }) {
  const { total, spans } = service.openSpans.value ?? { total: 0, spans: [] };
  const oldest = spans[0]?.ageMs ?? 1;
  return (
    <section class="card wide" aria-labelledby="spans-head">
      <div class="head">
        <h2 id="spans-head">Open spans, oldest first</h2>
        <span class="tag">{total > spans.length ? `${spans.length} of ${shortCount(total)}` : total}</span>
      </div>
      {total === 0 ? (
        <p class="none" id="spans-none">
          No span is open.
        </p>
      ) : (
        <table>
          <TableHead columns={[['Age', 'number'], ['Span'], ['Namespace', 'wide-only'], ['Trace', 'wide-only']]} />
          <tbody id="spans">
            {spans.map((span) => (
              <tr key={span.traceId + span.spanId}>
                <td class="number age">
                  {duration(span.ageMs)}
                  <i style={{ width: `${Math.max(2, (span.ageMs / oldest) * 88)}%` }} />
                </td>
                <td class="name">
                  {span.name}
                  {span.longRunning ? ' (long-running)' : ''}
                  <Pairs span={span} />
                  <TraceLine traceId={span.traceId} spanId={span.spanId} link={link} />
                </td>
                <td class="name wide-only dim">{span.namespace}</td>
                <TraceColumn traceId={span.traceId} spanId={span.spanId} link={link} />
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Pairs({ span: { attributes } }: { span: OpenSpanReport }) {
  const pairs = Object.entries(attributes ?? {}).filter(([name]) => !name.startsWith('code.'));
  if (pairs.length === 0) return null;
  return <p class="pairs">{pairs.map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join('   ')}</p>;
}
