// One trace: its figures, the waterfall or the flame view, and the selected span beside it.

import { useMemo, useState } from 'preact/hooks';
import { TableHead } from '../../runtime/admin/page/table-head.js';
import type { TraceDetail } from '../server/shapes.js';
import { readTrace, sharedTrace } from './api.js';
import { Flame } from './flame.js';
import { duration, hueOf, moment, plural } from './format.js';
import { useAnswer } from './load.js';
import { change, follow, hrefOf, query } from './route.js';
import { type Row, spanRows, visibleRows } from './rows.js';
import { Span } from './span.js';
import { Waterfall } from './waterfall.js';

export function Trace() {
  const id = query.value.get('id') ?? '';
  const { answer, error } = useAnswer(id, () => readTrace(id), sharedTrace === undefined);
  if (error !== undefined) {
    return (
      <>
        <h1>Trace</h1>
        <p class="fault" role="alert">
          {error}
        </p>
        <p>
          <code>{id}</code>
        </p>
      </>
    );
  }
  return answer === undefined ? <p class="summary">Loading</p> : <Shown trace={answer} />;
}

function Shown({ trace }: { trace: TraceDetail }) {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [text, setText] = useState('');
  const rows = useMemo(() => spanRows(trace), [trace]);
  const visible = useMemo(() => visibleRows(rows, folded, text), [rows, folded, text]);
  const selected = query.value.get('span') ?? undefined;
  const flame = query.value.get('as') === 'flame';
  const select = (span: string | undefined): void => change({ span: span ?? '' }, true);
  const root = rows[0];
  return (
    <div class={selected === undefined ? 'trace' : 'trace with-span'}>
      <section class="trace-main" aria-label="Trace">
        <h1>
          {root?.name || '(no name)'} <span class="quiet">{root?.service}</span>
        </h1>
        <Facts trace={trace} rows={rows} />
        <div class="tools">
          <div class="segments" role="group" aria-label="View of the trace">
            <button type="button" aria-pressed={!flame} onClick={() => change({ as: '' }, true)}>
              Waterfall
            </button>
            <button type="button" aria-pressed={flame} onClick={() => change({ as: 'flame' }, true)}>
              Flame
            </button>
          </div>
          <input
            type="search"
            aria-label="Search within the trace"
            placeholder="Search within the trace"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          {!flame && (
            <>
              <button
                type="button"
                onClick={() => setFolded(new Set(rows.filter(({ below, depth }) => below > 0 && depth > 0).map(({ id }) => id)))}
              >
                Fold all
              </button>
              <button type="button" onClick={() => setFolded(new Set())}>
                Unfold all
              </button>
            </>
          )}
          {sharedTrace === undefined && <Downloads id={trace.id} />}
        </div>
        {flame ? (
          <Flame rows={rows} durationMs={trace.durationMs} text={text} selected={selected} onSelect={select} />
        ) : (
          <Waterfall
            rows={visible}
            durationMs={trace.durationMs}
            folded={folded}
            onFold={setFolded}
            selected={selected}
            onSelect={select}
          />
        )}
        {flame && <Slowest rows={rows} onSelect={select} />}
      </section>
      {selected !== undefined && (
        <Span trace={trace} id={selected} rows={rows} onClose={() => select(undefined)} onSelect={select} />
      )}
    </div>
  );
}

function Facts({ trace, rows }: { trace: TraceDetail; rows: readonly Row[] }) {
  const errors = rows.filter(({ failed }) => failed).length;
  const open = rows.filter((row) => row.open).length;
  return (
    <p class="facts">
      <span>{duration(trace.durationMs)}</span>
      <span>{plural(rows.length, 'span')}</span>
      {errors > 0 && <span class="error-text">{plural(errors, 'error')}</span>}
      {open > 0 && <span class="tag open">{plural(open, 'open span')}</span>}
      <span>{moment(trace.start)}</span>
      <span class="services">
        {trace.services.map((service) => (
          <span key={service}>
            <span class={`dot ${hueOf(service)}`} aria-hidden="true" />
            {service || '(no service)'}
          </span>
        ))}
      </span>
      <code>{trace.id}</code>
    </p>
  );
}

const FORMATS: readonly (readonly [format: string, title: string])[] = [
  ['otlp', 'OTLP JSON'],
  ['jaeger', 'Jaeger JSON'],
  ['trace-event', 'Trace events (Perfetto, Chrome)'],
  ['html', 'Shareable page (HTML)'],
];

function Downloads({ id }: { id: string }) {
  return (
    <>
      <a class="button" href={hrefOf({ view: 'compare', a: id })} onClick={follow}>
        Compare
      </a>
      <details class="menu">
        <summary>Save as</summary>
        <ul>
          {FORMATS.map(([format, title]) => (
            <li key={format}>
              <a href={`/api/traces/${id}/export?format=${format}`} download>
                {title}
              </a>
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}

const MOST_SLOW = 12;

/** Kinds of span by the time spent within them alone: what a flame view is looked at for. */
function Slowest({ rows, onSelect }: { rows: readonly Row[]; onSelect: (id: string) => void }) {
  const kinds = new Map<string, { row: Row; self: number; calls: number }>();
  for (const row of rows) {
    const key = `${row.service}\n${row.name}`;
    const kind = kinds.get(key) ?? { row, self: 0, calls: 0 };
    kind.self += row.self;
    kind.calls += 1;
    if (row.self > kind.row.self) kind.row = row;
    kinds.set(key, kind);
  }
  const slowest = [...kinds.values()].sort((a, b) => b.self - a.self).slice(0, MOST_SLOW);
  return (
    <section aria-labelledby="slowest">
      <h2 id="slowest">Most time within</h2>
      <table>
        <TableHead columns={[['Span'], ['Self time', 'number'], ['Calls', 'number']]} />
        <tbody>
          {slowest.map(({ row, self, calls }) => (
            <tr key={row.id}>
              <td>
                <span class={`dot ${hueOf(row.service)}`} aria-hidden="true" />
                <button type="button" class="plain" onClick={() => onSelect(row.id)}>
                  {row.name}
                </button>{' '}
                <span class="quiet">{row.service}</span>
              </td>
              <td class="number">{duration(self)}</td>
              <td class="number">{calls}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
