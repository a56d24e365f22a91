// The list of traces: live, newest first, filtered. The filter is the address.

import { useState } from 'preact/hooks';
import { TableHead } from '../../runtime/admin/page/table-head.js';
import { nounFor } from '../../runtime/text/counted.js';
import type { TraceList, TraceRow, ViewerState } from '../server/shapes.js';
import { json } from './api.js';
import { Filter, filterParameters } from './filter.js';
import { clock, count, duration, hueOf, moment, plural } from './format.js';
import { counts } from './live.js';
import { useAnswer } from './load.js';
import { follow, hrefOf, query } from './route.js';

const PAGE = 100;

export function List() {
  const [limit, setLimit] = useState(PAGE);
  const filter = filterParameters(query.value);
  const order = query.value.get('order') ?? 'newest';
  const asked = new URLSearchParams([...filter, ['order', order], ['limit', String(limit)]]).toString();
  const { answer, error } = useAnswer(asked, () => json<TraceList>(`/api/traces?${asked}`), true);
  const state = useAnswer('state', () => json<ViewerState>('/api/state'), true).answer;
  const rows = answer?.traces ?? [];
  // a span that is open for hours must not shrink every other bar to a dot
  const longest = Math.max(...rows.map(({ durationMs, open }) => (open > 0 ? 0 : durationMs)), 0.001);
  return (
    <>
      <h1 class="hidden">Traces</h1>
      <Filter state={state} unmatched={answer?.unmatched ?? []} />
      {error !== undefined && (
        <p class="fault" role="alert">
          {error}
        </p>
      )}
      <p class="summary" role="status">
        {answer === undefined ? 'Loading' : `${plural(answer.matched, 'trace')} ${filter.size > 0 ? 'match' : 'held'}`}
        {(counts.value?.releasedTraces ?? 0) > 0 &&
          `, ${count(counts.value?.releasedTraces ?? 0)} older ones released to bound memory`}
      </p>
      {answer !== undefined && rows.length === 0 && <Empty state={state} filtered={filter.size > 0} />}
      {rows.length > 0 && (
        <table class="traces">
          <TableHead
            columns={[
              ['Trace'],
              ['Namespace', 'wide-only'],
              ['Started'],
              ['Duration'],
              ['Spans', 'number'],
              ['Errors', 'number'],
            ]}
          />
          <tbody>
            {rows.map((row) => (
              <Row key={row.id} row={row} longest={longest} />
            ))}
          </tbody>
        </table>
      )}
      {answer !== undefined && answer.matched > limit && limit < 1000 && (
        <button type="button" class="more" onClick={() => setLimit(Math.min(1000, limit + 300))}>
          Show more of {count(answer.matched)}
        </button>
      )}
    </>
  );
}

function Row({ row, longest }: { row: TraceRow; longest: number }) {
  const share = Math.min(100, Math.max(0.5, (row.durationMs / longest) * 100));
  return (
    <tr class={row.errors > 0 ? 'failed' : ''}>
      <td class="name">
        <div>
          <span class={`dot ${hueOf(row.service)}`} aria-hidden="true" />
          <span>
            <a href={hrefOf({ view: 'trace', id: row.id })} onClick={follow}>
              {row.name || '(no name)'}
            </a>
            <span class="quiet"> {row.service || '(no service)'}</span>
            {row.services.length > 1 && (
              <span class="quiet" title={row.services.join(', ')}>
                {' '}
                +{row.services.length - 1}
              </span>
            )}
            {row.open > 0 && <span class="tag open">{plural(row.open, 'open span')}</span>}
            {!row.whole && <span class="tag">root missing</span>}
          </span>
        </div>
      </td>
      <td class="wide-only namespace">{row.namespace}</td>
      <td class="time" title={moment(row.start)}>
        {clock(row.start)}
      </td>
      <td class="duration">
        <span class="bar" aria-hidden="true">
          <span class={row.errors > 0 ? 'fill error' : 'fill'} style={{ width: `${share}%` }} />
        </span>
        {duration(row.durationMs)}
      </td>
      <td class="number" data-unit={nounFor(row.spans, 'span')}>
        {count(row.spans)}
      </td>
      {row.errors > 0 ? (
        <td class="number error-text" data-unit={nounFor(row.errors, 'error')}>
          <strong>{count(row.errors)}</strong>
        </td>
      ) : (
        <td class="number none">0</td>
      )}
    </tr>
  );
}

function Empty({ state, filtered }: { state: ViewerState | undefined; filtered: boolean }) {
  if (filtered) return <p class="empty">No trace matches this filter.</p>;
  return (
    <div class="empty">
      <h2>Waiting for traces</h2>
      <p>Start a service with these variables:</p>
      <pre tabIndex={0}>
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT={state?.endpoints.grpc ?? 'http://127.0.0.1:4317'}
        {'\n'}SPANWRIGHT_ENABLED=true
      </pre>
      <p class="quiet">
        The first is OTLP over gRPC; OTLP over HTTP is received at {state?.endpoints.http ?? 'http://127.0.0.1:4318'}. The second
        records from the start in a service that uses Spanwright, instead of once it is switched on.
      </p>
    </div>
  );
}
