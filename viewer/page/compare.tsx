// The comparison: slow traces against the normal ones, or two traces. Ranked by what explains the difference.

import type { Difference, Finding } from '../analysis/diff.js';
import { json } from './api.js';
import { filterParameters } from './filter.js';
import { duration, plural } from './format.js';
import { counts, tick } from './live.js';
import { useAnswer } from './load.js';
import { change, follow, hrefOf, query } from './route.js';

export function Compare() {
  const parameters = filterParameters(query.value);
  for (const name of ['a', 'b', 'over']) if (query.value.get(name)) parameters.set(name, query.value.get(name) ?? '');
  const pair = parameters.has('a') || parameters.has('b');
  const ready = !pair || (parameters.has('a') && parameters.has('b'));
  const read = async () => (ready ? json<Difference & { overMs?: number }>(`/api/diff?${parameters}`) : undefined);
  const { answer, error } = useAnswer(`${parameters} ${query.value.get('again') ?? ''}`, read, false);
  const field = (name: string, label: string, placeholder: string) => (
    <label>
      <span>{label}</span>
      <input
        value={query.value.get(name) ?? ''}
        placeholder={placeholder}
        onChange={(event) => change({ [name]: event.currentTarget.value })}
      />
    </label>
  );
  return (
    <>
      <h1>Compare</h1>
      <form class="filter" aria-label="What to compare" onSubmit={(event) => event.preventDefault()}>
        {field('a', 'Slow trace', 'all slow traces')}
        {field('b', 'Compared with', 'all other traces')}
        {!pair && field('over', 'Slow from, ms', 'the slowest tenth')}
        {!pair && field('text', 'Search', 'every trace')}
        <button type="button" onClick={() => change({ again: String(tick.value) }, true)}>
          Compare again
        </button>
      </form>
      {!ready && <p class="summary">Enter the id of a second trace, or remove the first.</p>}
      {error !== undefined && (counts.value?.traces ?? 2) < 2 && !pair && (
        <div class="empty">
          <h2>Nothing to compare yet</h2>
          <p class="quiet">Two traces have to arrive first: a slow one and another.</p>
        </div>
      )}
      {error !== undefined && ((counts.value?.traces ?? 2) >= 2 || pair) && (
        <p class="fault" role="alert">
          {error}
        </p>
      )}
      {answer !== undefined && <Findings difference={answer} />}
    </>
  );
}

function Findings({ difference: { slow, normal, findings, overMs } }: { difference: Difference & { overMs?: number } }) {
  return (
    <>
      <p class="facts" role="status">
        <span>
          {plural(slow.traces, 'slow trace')}, {duration(slow.meanMs)} on average
        </span>
        <span>
          {plural(normal.traces, 'normal trace')}, {duration(normal.meanMs)} on average
        </span>
        {overMs !== undefined && <span>slow from {duration(overMs)}</span>}
      </p>
      {findings.length === 0 && <p class="empty">Nothing separates them.</p>}
      <ol class="findings">
        {findings.map((finding) => (
          <li
            key={`${finding.kind} ${finding.service} ${finding.span} ${finding.attribute ?? ''}`}
            class={`finding ${finding.kind}`}
          >
            <Described finding={finding} />
          </li>
        ))}
      </ol>
    </>
  );
}

const TITLES: Readonly<Record<Finding['kind'], string>> = {
  attribute: 'Attribute',
  calls: 'More calls',
  time: 'Time within',
  errors: 'Errors',
};

function Described({ finding }: { finding: Finding }) {
  const { kind, service, span, attribute, also = [], text, weight } = finding;
  return (
    <>
      <span class="kind">{TITLES[kind]}</span>
      <div>
        <strong>{attribute ?? span}</strong>{' '}
        <span class="quiet">{[attribute === undefined ? '' : span, service].filter(Boolean).join(', ')}</span>
        <p>{text}</p>
        {also.length > 0 && <p class="quiet">In the same traces: {also.join(', ')}</p>}
        {attribute !== undefined && (
          <a href={hrefOf({ attribute })} onClick={follow}>
            Show these traces
          </a>
        )}
      </div>
      <span class="bar" aria-hidden="true">
        <span class="fill" style={{ width: `${Math.round(weight * 100)}%` }} />
      </span>
    </>
  );
}
