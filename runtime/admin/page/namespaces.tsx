// The namespaces as a tree with counts, rates and latency. A row opens what is below it; arrow keys move and open, as in every tree.

import { useSignal } from '@preact/signals';
import { perSecond, shortCount } from './format.js';
import { LatencyCell } from './latency.js';
import type { Service } from './service.js';
import { TableHead } from './table-head.js';
import { type Branch, isOpen, opens, type TreeView, visibleRows } from './tree.js';

const MOST_ROWS = 500;

export function NamespacePanel({ service }: { service: Service }) {
  const filter = useSignal('');
  const answer = service.namespaces.value;
  const view: TreeView = {
    filter: filter.value.trim().toLowerCase(),
    opened: service.opened.value,
    functions: service.functions.value,
    namespaces: answer?.namespaces.length ?? 0,
  };
  const rows = visibleRows(service.tree.value, view);
  return (
    <section class="card wide" aria-labelledby="tree-head">
      <div class="head">
        <h2 id="tree-head">Namespaces</h2>
        <input
          type="search"
          id="filter"
          placeholder="Filter"
          aria-label="Filter namespaces"
          autocomplete="off"
          spellcheck={false}
          value={filter.value}
          onInput={(event) => {
            filter.value = event.currentTarget.value;
          }}
        />
      </div>
      <table>
        <TableHead
          columns={[
            ['Namespace'],
            ['Open', 'number'],
            ['Per s', 'number'],
            ['Calls', 'number wide-only'],
            ['Errors', 'number'],
            ['Latency', 'latency'],
          ]}
        />
        <tbody id="tree">
          {rows.slice(0, MOST_ROWS).map((row) => (
            <Row key={row.path} row={row} view={view} service={service} />
          ))}
        </tbody>
      </table>
      {answer !== undefined && <Note rows={rows.length} filter={view.filter} />}
    </section>
  );
}

function Note({ rows, filter }: { rows: number; filter: string }) {
  if (rows > MOST_ROWS) return <p class="none">{`The first ${MOST_ROWS} of ${rows} rows; filter for the rest.`}</p>;
  if (rows > 0) return null;
  return <p class="none">{filter === '' ? 'No instrumented code has been loaded.' : 'No namespace matches.'}</p>;
}

function whyOff(site: Branch['site']): string {
  if (site?.verdict === 'drop') return 'dropped';
  return site === undefined || site.level === 'info' ? 'off by rule' : `off: ${site.level}`;
}

interface RowOptions {
  readonly row: Branch;
  readonly view: TreeView;
  readonly service: Service;
}

function Row({ row, view, service }: RowOptions) {
  const { path, label, depth, site, open, calls, errors, latency, off } = row;
  // a namespace without longer ones below it shows its functions only when it is opened
  const expanded = row.children.size === 0 ? view.opened.get(path) === true : isOpen(row, view);
  const toggle = (to: boolean): void => {
    if (opens(row)) void service.toggle(path, to);
  };
  return (
    <tr onKeyDown={(event) => moveInTree(event, toggle)}>
      <td class="name twigs" style={{ '--depth': String(Math.min(depth, 8)) }}>
        <button
          type="button"
          class={`twig${opens(row) ? '' : ' leaf'}${site ? ' call' : ''}`}
          aria-expanded={opens(row) ? expanded : undefined}
          onClick={() => toggle(!expanded)}
        >
          {label}
        </button>
        {off && <span class="tag">{whyOff(site)}</span>}
      </td>
      <td class={open > 0 ? 'number busy' : 'number'}>{open || ''}</td>
      <td class="number">{perSecond(service.rateOf(path, calls))}</td>
      <td class="number wide-only">{shortCount(calls)}</td>
      <td class={errors > 0 ? 'number hot' : 'number'}>{errors > 0 ? shortCount(errors) : ''}</td>
      <td class="latency">
        <LatencyCell latency={latency} />
      </td>
    </tr>
  );
}

function moveInTree(event: KeyboardEvent & { currentTarget: HTMLTableRowElement }, toggle: (open: boolean) => void): void {
  const { currentTarget: row, key } = event;
  if (key === 'ArrowDown' || key === 'ArrowUp') {
    const next = key === 'ArrowDown' ? row.nextElementSibling : row.previousElementSibling;
    next?.querySelector('button')?.focus();
  } else if (key === 'ArrowRight' || key === 'ArrowLeft') toggle(key === 'ArrowRight');
  else return;
  event.preventDefault();
}
