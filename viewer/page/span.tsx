// The selected span: times, place in the source, attributes, events, links, errors; and its JSON to copy.

import { useState } from 'preact/hooks';
import type { Value, Values } from '../receiver/decode.js';
import { textOfValue } from '../receiver/spans.js';
import type { SpanDetail, TraceDetail, ViewerState } from '../server/shapes.js';
import { json, readSpan, sharedTrace } from './api.js';
import { duration, moment } from './format.js';
import { useAnswer } from './load.js';
import { follow, hrefOf } from './route.js';
import type { Row } from './rows.js';

interface SpanProps {
  readonly trace: TraceDetail;
  readonly id: string;
  readonly rows: readonly Row[];
  onClose(): void;
  onSelect(id: string): void;
}

export function Span({ trace, id, rows, onClose, onSelect }: SpanProps) {
  const row = rows.find((candidate) => candidate.id === id);
  const { answer, error } = useAnswer(`${trace.id} ${id} ${row?.open}`, () => readSpan(trace.id, id), false);
  return (
    <aside class="span" aria-label="Selected span">
      <header>
        <h2>{row?.name || '(no name)'}</h2>
        <button type="button" onClick={onClose} aria-label="Close the selected span">
          Close
        </button>
      </header>
      {error !== undefined && (
        <p class="fault" role="alert">
          {error}
        </p>
      )}
      {row !== undefined && <Times row={row} trace={trace} onSelect={onSelect} rows={rows} />}
      {answer !== undefined && <Details span={answer} trace={trace} onSelect={onSelect} rows={rows} />}
    </aside>
  );
}

function Times({
  row,
  trace,
  rows,
  onSelect,
}: {
  row: Row;
  trace: TraceDetail;
  rows: readonly Row[];
  onSelect: (id: string) => void;
}) {
  const parent = rows[row.parent];
  return (
    <dl class="facts-list">
      <dt>Service</dt>
      <dd>{row.service || '(no service)'}</dd>
      <dt>Started</dt>
      <dd>
        {duration(row.start)} into the trace <span class="quiet">{moment(trace.start + row.start)}</span>
      </dd>
      <dt>Duration</dt>
      <dd>
        {duration(row.duration)}
        {row.open && <span class="tag open">open</span>}
        {row.critical && <span class="tag">critical path</span>}
      </dd>
      <dt>Self time</dt>
      <dd>{duration(row.self)}</dd>
      <dt>Kind</dt>
      <dd>{row.kind}</dd>
      {parent !== undefined && (
        <>
          <dt>Parent</dt>
          <dd>
            <button type="button" class="plain" onClick={() => onSelect(parent.id)}>
              {parent.name}
            </button>
          </dd>
        </>
      )}
    </dl>
  );
}

function Details({
  span,
  trace,
  rows,
  onSelect,
}: {
  span: SpanDetail;
  trace: TraceDetail;
  rows: readonly Row[];
  onSelect: (id: string) => void;
}) {
  const exceptions = span.events.filter(({ name }) => name === 'exception');
  return (
    <>
      <Place attributes={span.attributes} />
      {span.status.code === 'error' && (
        <section class="failure">
          <h3>Error</h3>
          {exceptions.length === 0 && (
            <p>{span.status.message || String(span.attributes['error.type'] ?? 'failed, without a reason')}</p>
          )}
          {exceptions.map(({ attributes, timeUnixNano }) => (
            <div key={timeUnixNano}>
              <p>
                <strong>{String(attributes['exception.type'] ?? 'Error')}</strong>:{' '}
                {String(attributes['exception.message'] ?? '')}
              </p>
              {typeof attributes['exception.stacktrace'] === 'string' && (
                <pre tabIndex={0}>{attributes['exception.stacktrace']}</pre>
              )}
            </div>
          ))}
        </section>
      )}
      <Table title="Attributes" values={span.attributes} />
      {span.events.length > exceptions.length && (
        <section>
          <h3>Events</h3>
          {span.events
            .filter(({ name }) => name !== 'exception')
            .map(({ name, timeUnixNano, attributes }) => (
              <Table
                key={`${name} ${timeUnixNano}`}
                title={`${name}, ${duration(Number(BigInt(timeUnixNano) / 1000n) / 1000 - trace.start)} into the trace`}
                values={attributes}
                small
              />
            ))}
        </section>
      )}
      {span.links.length > 0 && (
        <section>
          <h3>Links</h3>
          <ul>
            {span.links.map(({ traceId, spanId }) => (
              <li key={`${traceId}${spanId}`}>
                {traceId === trace.id ? (
                  <button type="button" class="plain" onClick={() => onSelect(spanId)}>
                    {rows.find(({ id }) => id === spanId)?.name ?? spanId}
                  </button>
                ) : (
                  <a href={hrefOf({ view: 'trace', id: traceId, span: spanId })} onClick={follow}>
                    <code>{traceId}</code>
                  </a>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Table title="Resource" values={span.resource.attributes} />
      <Copy span={span} />
    </>
  );
}

/** The source place; a link that opens the editor on the live page. */
function Place({ attributes }: { attributes: Values }) {
  const file = attributes['code.file.path'];
  const state = useAnswer(
    'editor',
    async () => (sharedTrace === undefined ? json<ViewerState>('/api/state') : undefined),
    false,
  ).answer;
  if (typeof file !== 'string') return null;
  const [line, column] = [String(attributes['code.line.number'] ?? 1), String(attributes['code.column.number'] ?? 1)];
  const shown = `${file}:${line}`;
  if (state === undefined || !state.editor) return <p class="place">{shown}</p>;
  const encoded = file.split('/').map(encodeURIComponent).join('/');
  const address = state.editor.replace('{file}', encoded).replace('{line}', line).replace('{column}', column);
  return (
    <p class="place">
      <a href={address}>{shown}</a>
    </p>
  );
}

function Table({ title, values, small = false }: { title: string; values: Values; small?: boolean }) {
  const keys = Object.keys(values).sort();
  const Heading = small ? 'h4' : 'h3';
  if (keys.length === 0) return small ? <h4>{title}</h4> : null;
  return (
    <section>
      <Heading>{title}</Heading>
      <dl class="values">
        {keys.map((key) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>{textOfValue(values[key] as Value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Copy({ span }: { span: SpanDetail }) {
  const [state, setState] = useState('Copy as JSON');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(JSON.stringify(span, undefined, 2));
      setState('Copied');
    } catch {
      setState('The browser refused to copy');
    }
  };
  return (
    <p>
      <button type="button" onClick={() => void copy()}>
        {state}
      </button>
    </p>
  );
}
