// The map: services or namespaces in columns by their distance from the first caller, with calls, errors and latency; and the same as a
// table, which is what a screen reader gets.

import type { ComponentChildren } from 'preact';
import { TableHead } from '../../runtime/admin/page/table-head.js';
import type { MapEdge, MapNode, SystemMap } from '../analysis/map.js';
import { json } from './api.js';
import { filterParameters } from './filter.js';
import { count, duration, hueOf } from './format.js';
import { useAnswer } from './load.js';
import { change, follow, hrefOf, query } from './route.js';

const NODE = { width: 200, height: 54, gapX: 90, gapY: 18 };
const MOST_NODES = 60;

export function MapView() {
  const by = query.value.get('by') === 'namespaces' ? 'namespaces' : 'services';
  const parameters = filterParameters(query.value);
  parameters.set('by', by);
  const { answer, error } = useAnswer(parameters.toString(), () => json<SystemMap>(`/api/map?${parameters}`), false);
  return (
    <>
      <h1>Map</h1>
      <div class="tools">
        <div class="segments" role="group" aria-label="What the map shows">
          <button type="button" aria-pressed={by === 'services'} onClick={() => change({ by: '' })}>
            Services
          </button>
          <button type="button" aria-pressed={by === 'namespaces'} onClick={() => change({ by: 'namespaces' })}>
            Namespaces
          </button>
        </div>
      </div>
      {error !== undefined && (
        <p class="fault" role="alert">
          {error}
        </p>
      )}
      {answer !== undefined && answer.nodes.length === 0 && <p class="empty">No traces yet.</p>}
      {answer !== undefined && answer.nodes.length > 0 && (
        <>
          <Picture map={answer} />
          <Calls map={answer} by={by} />
        </>
      )}
    </>
  );
}

interface PositionedNode extends MapNode {
  readonly x: number;
  readonly y: number;
}

/** Columns by the longest chain of calls that leads to a node; a cycle of calls is cut where it closes. */
function positionNodes({ nodes, edges }: SystemMap): Map<string, PositionedNode> {
  const shown = nodes.slice(0, MOST_NODES);
  const names = new Set(shown.map(({ name }) => name));
  const callers = new Map<string, string[]>();
  for (const { from, to } of edges) if (names.has(from) && names.has(to)) callers.set(to, [...(callers.get(to) ?? []), from]);
  const columns = new Map<string, number>();
  const columnOf = (name: string, path: ReadonlySet<string>): number => {
    const known = columns.get(name);
    if (known !== undefined) return known;
    const above = (callers.get(name) ?? []).filter((caller) => !path.has(caller));
    const column = above.length === 0 ? 0 : Math.max(...above.map((caller) => columnOf(caller, new Set([...path, name])))) + 1;
    columns.set(name, column);
    return column;
  };
  const filled: number[] = [];
  const positions = new Map<string, PositionedNode>();
  for (const node of shown) {
    const column = columnOf(node.name, new Set([node.name]));
    const row = filled[column] ?? 0;
    filled[column] = row + 1;
    positions.set(node.name, { ...node, x: column * (NODE.width + NODE.gapX), y: row * (NODE.height + NODE.gapY) });
  }
  return positions;
}

function Picture({ map }: { map: SystemMap }) {
  const positions = positionNodes(map);
  const all = [...positions.values()];
  const width = Math.max(...all.map(({ x }) => x)) + NODE.width;
  const height = Math.max(...all.map(({ y }) => y)) + NODE.height;
  const most = Math.max(...map.edges.map(({ calls }) => calls), 1);
  return (
    <div class="map bounded" tabIndex={0} role="region" aria-label="Picture of the map">
      <svg viewBox={`-8 -8 ${width + 16} ${height + 16}`} width={width + 16} height={height + 16} aria-hidden="true">
        {map.edges.map((edge) => (
          <Arrow key={`${edge.from} ${edge.to}`} edge={edge} positions={positions} most={most} />
        ))}
        {all.map((node) => (
          <g key={node.name} transform={`translate(${node.x} ${node.y})`} class={node.errors > 0 ? 'node failing' : 'node'}>
            <rect width={NODE.width} height={NODE.height} rx="6" />
            <rect class={hueOf(node.name)} width="5" height={NODE.height} rx="2" />
            <text x="14" y="21" class="title">
              <title>{node.name}</title>
              {fitted(node.name)}
            </text>
            <text x="14" y="41">
              {count(node.calls)} calls, p95 {duration(node.p95Ms)}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}

const TITLE_WIDTH = NODE.width - 22;
const measure = document.createElement('canvas').getContext('2d');

/** As much of the end of a name as a node has room for: the end of a long namespace is more specific than its start. */
function fitted(name: string): string {
  if (measure === null) return name;
  measure.font = `600 13px ${getComputedStyle(document.body).fontFamily}`;
  let shown = name;
  for (let from = 1; measure.measureText(shown).width > TITLE_WIDTH && from < name.length; from += 1)
    shown = `…${name.slice(from)}`;
  return shown;
}

function Arrow({ edge, positions, most }: { edge: MapEdge; positions: ReadonlyMap<string, PositionedNode>; most: number }) {
  const [from, to] = [positions.get(edge.from), positions.get(edge.to)];
  if (from === undefined || to === undefined) return null;
  const back = to.x <= from.x;
  const [x1, y1] = [from.x + (back ? NODE.width / 2 : NODE.width), from.y + (back ? NODE.height : NODE.height / 2)];
  const [x2, y2] = [back ? to.x + NODE.width / 2 : to.x, back ? to.y + NODE.height : to.y + NODE.height / 2];
  const bend = back
    ? `M${x1} ${y1} C${x1} ${y1 + 40} ${x2} ${y2 + 40} ${x2} ${y2}`
    : `M${x1} ${y1} C${x1 + 45} ${y1} ${x2 - 45} ${y2} ${x2} ${y2}`;
  return <path class={edge.errors > 0 ? 'edge failing' : 'edge'} d={bend} stroke-width={1 + 4 * Math.sqrt(edge.calls / most)} />;
}

function Calls({ map, by }: { map: SystemMap; by: 'services' | 'namespaces' }) {
  const filter = by === 'services' ? 'service' : 'namespace';
  const link = (name: string) => (
    <a href={hrefOf({ [filter]: name })} onClick={follow}>
      {name || '(no name)'}
    </a>
  );
  return (
    <table>
      <TableHead
        columns={[
          [by === 'services' ? 'Service' : 'Namespace'],
          ['Calls', 'number'],
          ['Errors', 'number'],
          ['Median', 'number wide-only'],
          ['p95', 'number'],
        ]}
      />
      <tbody>
        {map.nodes.map((node) => (
          <Figures key={node.name} row={node}>
            {link(node.name)}
          </Figures>
        ))}
        {map.edges.map((edge) => (
          <Figures key={`${edge.from} ${edge.to}`} row={edge}>
            {link(edge.from)} → {link(edge.to)}
          </Figures>
        ))}
      </tbody>
    </table>
  );
}

function Figures({ row, children }: { row: Omit<MapNode, 'name'>; children: ComponentChildren }) {
  return (
    <tr>
      <td class="namespace">{children}</td>
      <td class="number">{count(row.calls)}</td>
      <td class={row.errors > 0 ? 'number error-text' : 'number'}>{count(row.errors)}</td>
      <td class="number wide-only">{duration(row.p50Ms)}</td>
      <td class="number">{duration(row.p95Ms)}</td>
    </tr>
  );
}
