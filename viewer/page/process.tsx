// A running service through its admin hook: the switch with its leases, open spans, namespaces, errors, exporter status.

import { useEffect, useState } from 'preact/hooks';
import type { Lease, OpenSpanReport, TracingState } from '../../runtime/tracing.js';
import type { ViewerState } from '../server/shapes.js';
import { change, json } from './api.js';
import { count, duration } from './format.js';
import { type Loaded, useAnswer } from './load.js';
import { change as changeAddress, follow, hrefOf, query } from './route.js';

const READ_EVERY_MS = 1000;
const MOST_OPEN = 200;

interface NamespaceRow {
  readonly namespace: string;
  readonly sites: number;
  readonly open: number;
  readonly calls: number;
  readonly errors: number;
  readonly latency: readonly number[];
}

/** The answer of a hook's route, read every second. */
function useHook<Answer>(path: string): Loaded<Answer> {
  const [second, setSecond] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSecond((value) => value + 1), READ_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const [last, setLast] = useState<Loaded<Answer> & { path: string }>({ path, answer: undefined, error: undefined });
  useEffect(() => {
    let over = false;
    json<Answer>(path).then(
      (answer) => over || setLast({ path, answer, error: undefined }),
      (error: Error) => over || setLast({ path, answer: undefined, error: error.message }),
    );
    return () => {
      over = true;
    };
  }, [path, second]);
  return last.path === path ? last : { answer: undefined, error: undefined };
}

export function Process() {
  const { answer: state } = useAnswer('hooks', () => json<ViewerState>('/api/state'), true);
  const hooks = state?.hooks ?? [];
  const chosen = Math.min(Number(query.value.get('hook') ?? 0), Math.max(0, hooks.length - 1));
  if (state === undefined) return <p class="summary">Loading</p>;
  return (
    <>
      <h1>Process</h1>
      {hooks.length === 0 ? (
        <div class="empty">
          <p>No admin hook is known. Start the viewer with the address of one:</p>
          <pre>npx spanwright view --hook http://127.0.0.1:9465/tracing</pre>
        </div>
      ) : (
        <>
          {hooks.length > 1 && (
            <label class="choice">
              <span>Service</span>
              <select value={chosen} onChange={(event) => changeAddress({ hook: event.currentTarget.value })}>
                {hooks.map(({ url, service }, at) => (
                  <option key={url} value={at}>
                    {service || url}
                  </option>
                ))}
              </select>
            </label>
          )}
          <Hook key={chosen} hook={chosen} url={hooks[chosen]?.url ?? ''} />
        </>
      )}
    </>
  );
}

function Hook({ hook, url }: { hook: number; url: string }) {
  const base = `/api/hooks/${hook}`;
  const { answer: state, error } = useHook<TracingState & { now: string }>(`${base}/state`);
  if (error !== undefined) {
    return (
      <p class="fault" role="alert">
        {url}: {error}
      </p>
    );
  }
  if (state === undefined) return <p class="summary">Loading</p>;
  return (
    <>
      <p class="facts">
        <strong>{state.serviceName}</strong>
        <span>pid {state.pid}</span>
        <span>{url}</span>
        <span>endpoint {state.endpoint ?? 'none'}</span>
      </p>
      <div class="cards">
        <Switch base={base} state={state} />
        <Counts state={state} />
      </div>
      <OpenSpans base={base} />
      <Namespaces base={base} />
    </>
  );
}

const LEASE_TIMES = ['1m', '10m', '1h'] as const;

function Switch({ base, state }: { base: string; state: TracingState & { now: string } }) {
  const [time, setTime] = useState<string>('10m');
  const [only, setOnly] = useState('');
  const [fault, setFault] = useState('');
  const act = async (method: 'PUT' | 'DELETE', path: string, body?: unknown): Promise<void> => {
    try {
      await change(method, `${base}/${path}`, body === undefined ? undefined : JSON.stringify(body));
      setFault('');
    } catch (error) {
      setFault((error as Error).message);
    }
  };
  const on = (): Promise<void> =>
    act('PUT', 'enabled', { enabled: true, for: time, ...(only === '' ? {} : { only }), reason: 'from the viewer' });
  return (
    <section class="card" aria-labelledby="switch">
      <h2 id="switch">
        Tracing is <span class={state.enabled ? 'on' : 'off'}>{state.enabled ? 'on' : 'off'}</span>
      </h2>
      <div class="tools">
        <label>
          <span>For</span>
          <select value={time} onChange={(event) => setTime(event.currentTarget.value)}>
            {LEASE_TIMES.map((value) => (
              <option key={value}>{value}</option>
            ))}
          </select>
        </label>
        <label>
          <span>Only at</span>
          <input value={only} placeholder="every namespace" onInput={(event) => setOnly(event.currentTarget.value)} />
        </label>
        <button type="button" class="primary" onClick={() => void on()}>
          Switch on
        </button>
        <button type="button" onClick={() => void act('PUT', 'enabled', { enabled: false, reason: 'from the viewer' })}>
          Switch off
        </button>
      </div>
      {fault !== '' && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {state.leases.length > 0 && (
        <ul class="leases">
          {state.leases.map((lease) => (
            <li key={lease.id}>
              <span>{settingOf(lease)}</span> <span class="quiet">{remaining(lease, state.now)}</span>
              <span class="quiet">{lease.actor}</span>
              {lease.warnings.map((warning) => (
                <span key={warning} class="field-fault">
                  {warning}
                </span>
              ))}
              <button type="button" onClick={() => void act('DELETE', `leases/${lease.id}`)}>
                End
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const settingOf = ({ kind, value, only }: Lease): string => `${kind} ${value}${only ? ` only at ${only}` : ''}`;

function remaining({ expiresAt }: Pick<Lease, 'expiresAt'>, now: string): string {
  const ms = Date.parse(String(expiresAt)) - Date.parse(now);
  return Number.isFinite(ms) ? `${duration(Math.max(0, ms))} left` : 'until switched';
}

function Counts({ state: { spans } }: { state: TracingState }) {
  const rows: readonly (readonly [string, number, boolean])[] = [
    ['Open', spans.open, false],
    ['Started', spans.started, false],
    ['Exported', spans.exported, false],
    ['Leaked', spans.leaked, true],
    ['Refused', spans.refused, true],
    ['Dropped', spans.dropped, true],
    ['Failed to export', spans.failed, true],
  ];
  return (
    <section class="card" aria-labelledby="counts">
      <h2 id="counts">Spans</h2>
      <dl class="counts">
        {rows.map(([title, value, fault]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd class={fault && value > 0 ? 'error-text' : ''}>{count(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function OpenSpans({ base }: { base: string }) {
  const { answer } = useHook<{ total: number; spans: readonly OpenSpanReport[] }>(`${base}/spans/open?limit=${MOST_OPEN}`);
  const spans = answer?.spans ?? [];
  return (
    <section aria-labelledby="open">
      <h2 id="open">Open spans ({count(answer?.total ?? 0)})</h2>
      {spans.length === 0 ? (
        <p class="quiet">None.</p>
      ) : (
        <div class="bounded" tabIndex={0} role="region" aria-label="List of open spans">
          <table>
            <thead>
              <tr>
                <th scope="col">Span</th>
                <th scope="col">Namespace</th>
                <th scope="col" class="number">
                  Age
                </th>
                <th scope="col">Trace</th>
              </tr>
            </thead>
            <tbody>
              {spans.map((span) => (
                <tr key={span.spanId}>
                  <td>
                    {span.name} {span.longRunning && <span class="tag">long running</span>}
                  </td>
                  <td>{span.namespace}</td>
                  <td class="number">{duration(span.ageMs)}</td>
                  <td>
                    <a href={hrefOf({ view: 'trace', id: span.traceId, span: span.spanId })} onClick={follow}>
                      <code>{span.traceId.slice(0, 8)}</code>
                    </a>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Namespaces({ base }: { base: string }) {
  const { answer } = useHook<{ namespaces: readonly NamespaceRow[]; latencyBoundsMs: readonly number[] }>(`${base}/namespaces`);
  const rows = [...(answer?.namespaces ?? [])].sort((a, b) => (a.namespace < b.namespace ? -1 : 1));
  return (
    <section aria-labelledby="namespaces-title">
      <h2 id="namespaces-title">Namespaces</h2>
      <div class="bounded" tabIndex={0} role="region" aria-label="List of namespaces">
        <table>
          <thead>
            <tr>
              <th scope="col">Namespace</th>
              <th scope="col" class="number">
                Calls
              </th>
              <th scope="col" class="number">
                Errors
              </th>
              <th scope="col" class="number">
                Open
              </th>
              <th scope="col" class="number">
                Median below
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.namespace}>
                <td class="namespace" style={{ paddingLeft: `${row.namespace.split('::').length * 12}px` }}>
                  {row.namespace}
                </td>
                <td class="number">{count(row.calls)}</td>
                <td class={row.errors > 0 ? 'number error-text' : 'number'}>{count(row.errors)}</td>
                <td class="number">{count(row.open)}</td>
                <td class="number">{medianOf(row.latency, answer?.latencyBoundsMs ?? [])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Upper bound of the bucket that holds the median call. */
function medianOf(latency: readonly number[], bounds: readonly number[]): string {
  const half = latency.reduce((sum, value) => sum + value, 0) / 2;
  let seen = 0;
  for (const [at, value] of latency.entries()) {
    seen += value;
    if (half > 0 && seen >= half) return bounds[at] === undefined ? 'more' : duration(bounds[at]);
  }
  return '';
}
