// Frame of the page: navigation, live counts, pause; below it the view that the address names.

import { sharedTrace } from './api.js';
import { Compare } from './compare.js';
import { count, plural } from './format.js';
import { List } from './list.js';
import { connected, counts, paused, setPaused } from './live.js';
import { MapView } from './map.js';
import { Process } from './process.js';
import { follow, hrefOf, query, type View, viewOf } from './route.js';
import { Trace } from './trace.js';

const TABS: readonly (readonly [View, string])[] = [
  ['traces', 'Traces'],
  ['process', 'Process'],
  ['compare', 'Compare'],
  ['map', 'Map'],
];

const VIEWS: Readonly<Record<View, () => preact.JSX.Element>> = {
  traces: List,
  trace: Trace,
  process: Process,
  compare: Compare,
  map: MapView,
};

export function App() {
  const view = viewOf(query.value);
  const Shown = VIEWS[view] ?? List;
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href={sharedTrace === undefined ? '?' : '#main'} onClick={follow}>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M2 5h13v3H2zM6 10.5h15v3H6zM10 16h8v3h-8z" />
          </svg>
          Spanwright
        </a>
        {sharedTrace === undefined ? <Navigation view={view} /> : <span class="quiet">A shared trace</span>}
      </header>
      <main id="main" tabIndex={-1}>
        <Shown />
      </main>
    </>
  );
}

function Navigation({ view }: { view: View }) {
  return (
    <>
      <nav aria-label="Views">
        {TABS.map(([name, title]) => (
          <a
            key={name}
            href={name === 'traces' ? '?' : hrefOf({ view: name })}
            onClick={follow}
            aria-current={name === view || (name === 'traces' && view === 'trace') ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      <Live />
    </>
  );
}

function Live() {
  const now = counts.value;
  const status = !connected.value ? 'Disconnected' : paused.value ? 'Paused' : 'Live';
  return (
    <div class="live">
      {now !== undefined && (
        <span class="quiet wide-only">
          {plural(now.traces, 'trace')}, {plural(now.received, 'span')} received
          {now.releasedTraces > 0 && `, ${count(now.releasedTraces)} older released`}
        </span>
      )}
      <span class={`status ${status.toLowerCase()}`} role="status">
        {status}
      </span>
      <button type="button" onClick={() => setPaused(!paused.value)} aria-pressed={paused.value}>
        {paused.value ? 'Resume' : 'Pause'}
      </button>
    </div>
  );
}
