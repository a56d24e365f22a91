// The last failed calls, newest first.

import type { CallSample } from '../../site/statistics.js';
import { ago, duration } from './format.js';
import type { Service } from './service.js';
import { TableHead } from './table-head.js';
import { TraceColumn, TraceLine, type TraceLink } from './trace-id.js';

interface ErrorOptions {
  readonly service: Service;
  readonly link: TraceLink | undefined;
  /** False while the answers leave messages out because the token was not sent. */
  readonly trusted: boolean;
}

export function ErrorPanel({ service, link, trusted }: ErrorOptions) {
  const { total, errors } = service.errors.value ?? { total: 0, errors: [] };
  const since = ({ startedAt, durationMs }: CallSample): number => service.now() - Date.parse(startedAt) - durationMs;
  return (
    <section class="card wide" aria-labelledby="errors-head">
      <div class="head">
        <h2 id="errors-head">Recent errors</h2>
        <span class="tag">{total}</span>
      </div>
      {total === 0 ? (
        <p class="none">No recorded call has failed.</p>
      ) : (
        <table>
          <TableHead columns={[['Ago', 'number'], ['Span'], ['Error'], ['Took', 'number wide-only'], ['Trace', 'wide-only']]} />
          <tbody id="errors">
            {errors.map((error) => (
              <tr key={error.traceId + error.spanId}>
                <td class="number dim">{ago(since(error))}</td>
                <td class="name">
                  {error.name}
                  <p class="pairs">{error.namespace}</p>
                  <TraceLine traceId={error.traceId} spanId={error.spanId} link={link} />
                </td>
                <td class="name">
                  {error.error ?? `${error.errorType ?? 'failed'}${trusted ? '' : ' (message with the token)'}`}
                </td>
                <td class="number dim wide-only">{duration(error.durationMs)}</td>
                <TraceColumn traceId={error.traceId} spanId={error.spanId} link={link} />
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
