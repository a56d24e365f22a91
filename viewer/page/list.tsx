// The list of traces: live, newest first, filtered. The filter is the address.

import { useState } from 'preact/hooks';
import { TableHead } from '../../runtime/admin/page/table-head.js';
import type { TraceList, TraceRow, ViewerState } from '../server/shapes.js';
import { json } from './api.js';
import { clock, count, duration, hueOf, moment, plural } from './format.js';
import { counts } from './live.js';
import { useAnswer } from './load.js';
import { change, follow, hrefOf, open, query } from './route.js';

const FILTERS = ['text', 'service', 'namespace', 'attribute', 'errors', 'min', 'max', 'from', 'to'] as const;
const PAGE = 100;

export function filterParameters(parameters: URLSearchParams): URLSearchParams {
  const filter = new URLSearchParams();
  for (const name of FILTERS) for (const value of parameters.getAll(name)) if (value !== '') filter.append(name, value);
  return filter;
}

export function List() {
  const [limit, setLimit] = useState(PAGE);
  const filter = filterParameters(query.value);
  const order = query.value.get('order') ?? 'newest';
  const asked = new URLSearchParams([...filter, ['order', order], ['limit', String(limit)]]).toString();
  const { answer, error } = useAnswer(asked, () => json<TraceList>(`/api/traces?${asked}`), true);
  const state = useAnswer('state', () => json<ViewerState>('/api/state'), true).answer;
  const rows = answer?.traces ?? [];
  const longest = Math.max(...rows.map(({ durationMs }) => durationMs), 0.001);
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
  const share = Math.max(0.5, (row.durationMs / longest) * 100);
  return (
    <tr class={row.errors > 0 ? 'failed' : ''}>
      <td class="name">
        <span class={`dot ${hueOf(row.service)}`} aria-hidden="true" />
        <a href={hrefOf({ view: 'trace', id: row.id })} onClick={follow}>
          {row.name || '(no name)'}
        </a>
        <span class="quiet"> {row.service || '(no service)'}</span>
        {row.services.length > 1 && <span class="quiet"> +{row.services.length - 1}</span>}
        {row.open > 0 && <span class="tag open">{plural(row.open, 'open span')}</span>}
        {!row.whole && <span class="tag">root missing</span>}
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
      <td class="number">{count(row.spans)}</td>
      <td class="number">{row.errors > 0 ? <strong class="error-text">{count(row.errors)}</strong> : '0'}</td>
    </tr>
  );
}

function Filter({ state, unmatched }: { state: ViewerState | undefined; unmatched: readonly string[] }) {
  const of = (name: string) => query.value.get(name) ?? '';
  const set = (name: string) => (event: Event) => {
    const { value } = event.currentTarget as HTMLInputElement;
    change({ [name]: value }, true);
  };
  const field = (name: string, label: string, extra: Readonly<Record<string, string | number>> = {}) => {
    const wrong = unmatched.includes(name);
    return (
      <label>
        <span>{label}</span>
        <input
          {...extra}
          value={of(name)}
          onInput={set(name)}
          aria-invalid={wrong}
          aria-describedby={wrong ? `${name}-fault` : undefined}
        />
        {wrong && (
          <span class="field-fault" id={`${name}-fault`}>
            matches nothing
          </span>
        )}
      </label>
    );
  };
  return (
    <form class="filter" aria-label="Filter traces" onSubmit={(event) => event.preventDefault()}>
      {field('text', 'Search', { type: 'search', placeholder: 'span, service or trace id' })}
      <label>
        <span>Service</span>
        <select value={of('service')} onChange={set('service')}>
          <option value="">All</option>
          {[...new Set([...(state?.services ?? []), of('service')])].filter(Boolean).map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {field('namespace', 'Namespace', { list: 'namespaces', placeholder: 'carbide::api' })}
      <datalist id="namespaces">
        {(state?.namespaces ?? []).slice(0, 500).map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {field('attribute', 'Attribute', { placeholder: 'machineId=m-17' })}
      {field('min', 'Longer than, ms', { type: 'number', placeholder: '0', min: 0 })}
      <label>
        <span>Order</span>
        <select value={of('order') || 'newest'} onChange={set('order')}>
          <option value="newest">Newest</option>
          <option value="slowest">Slowest</option>
          <option value="errors">Most errors</option>
          <option value="spans">Most spans</option>
        </select>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={of('errors') === 'true'}
          onChange={(event) => change({ errors: event.currentTarget.checked ? 'true' : '' })}
        />
        <span>Errors only</span>
      </label>
      {filterParameters(query.value).size > 0 && (
        <button type="button" onClick={() => open({})}>
          Clear
        </button>
      )}
    </form>
  );
}

function Empty({ state, filtered }: { state: ViewerState | undefined; filtered: boolean }) {
  if (filtered) return <p class="empty">No trace matches this filter.</p>;
  return (
    <div class="empty">
      <p>Waiting for traces. Start a service with</p>
      <pre>OTEL_EXPORTER_OTLP_TRACES_ENDPOINT={state?.endpoints.grpc ?? 'http://127.0.0.1:4317'}</pre>
      <p class="quiet">OTLP over HTTP is received at {state?.endpoints.http ?? 'http://127.0.0.1:4318'}.</p>
    </div>
  );
}
