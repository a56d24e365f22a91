// The waterfall: a tree of spans over time. Only the rows in sight are elements, so that a trace of 20,000 spans scrolls. One tab stop;
// arrow keys move and fold, Enter selects, Home and End jump, as in any tree.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { duration, hueOf, plural } from './format.js';
import type { Row } from './rows.js';

const ROW_HEIGHT = 26;
/** Rows above and below what is in sight. */
const SPARE = 12;
const TICKS = 5;
/** Room of a label such as `107 ms` beside its bar. */
const LABEL_WIDTH = 62;

interface WaterfallProps {
  readonly rows: readonly Row[];
  readonly durationMs: number;
  readonly folded: ReadonlySet<string>;
  readonly selected: string | undefined;
  onFold(folded: ReadonlySet<string>): void;
  onSelect(id: string): void;
}

export function Waterfall({ rows, durationMs, folded, selected, onFold, onSelect }: WaterfallProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const [labelShare, setLabelShare] = useState(12);
  const [active, setActive] = useState(() =>
    Math.max(
      0,
      rows.findIndex(({ id }) => id === selected),
    ),
  );
  const at = Math.min(active, Math.max(0, rows.length - 1));

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const measure = (): void => {
      setHeight(element.clientHeight);
      const bars = element.querySelector('.span-time')?.clientWidth ?? 500;
      setLabelShare(Math.min(45, (LABEL_WIDTH / bars) * 100));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const y = at * ROW_HEIGHT;
    if (y < element.scrollTop) element.scrollTop = y;
    else if (y + ROW_HEIGHT > element.scrollTop + element.clientHeight) element.scrollTop = y + ROW_HEIGHT - element.clientHeight;
  }, [at]);

  const fold = (row: Row, to: boolean): void => {
    const next = new Set(folded);
    if (to) next.add(row.id);
    else next.delete(row.id);
    onFold(next);
  };

  const onKey = (event: KeyboardEvent): void => {
    const row = rows[at];
    if (row === undefined) return;
    const action = KEYS[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action({ row, rows, at, folded, page: Math.floor(height / ROW_HEIGHT), move: setActive, fold, select: onSelect });
  };

  const first = Math.max(0, Math.floor(top / ROW_HEIGHT) - SPARE);
  const shown = rows.slice(first, Math.ceil((top + height) / ROW_HEIGHT) + SPARE);
  return (
    <div class="waterfall">
      <Scale durationMs={durationMs} />
      <div
        class="rows"
        ref={scroller}
        role="treegrid"
        aria-label="Spans of the trace"
        aria-rowcount={rows.length}
        aria-activedescendant={rows[at] === undefined ? undefined : `row-${rows[at]?.id}`}
        tabIndex={0}
        onKeyDown={onKey}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <div class="all-rows" role="rowgroup" style={{ height: `${rows.length * ROW_HEIGHT}px` }}>
          {shown.map((row, offset) => (
            <SpanLine
              key={row.id}
              row={row}
              position={first + offset}
              durationMs={durationMs}
              labelShare={labelShare}
              active={first + offset === at}
              selected={row.id === selected}
              folded={folded.has(row.id)}
              onFold={() => fold(row, !folded.has(row.id))}
              onSelect={() => {
                setActive(first + offset);
                onSelect(row.id);
              }}
            />
          ))}
        </div>
      </div>
      <p class="legend" aria-hidden="true">
        <span>
          <i class="critical" /> on the critical path
        </span>
        <span>
          <i class="open" /> still open
        </span>
        <span class="wide-only">↑ ↓ move, ← → fold, Enter selects</span>
      </p>
    </div>
  );
}

interface Step {
  readonly row: Row;
  readonly rows: readonly Row[];
  readonly at: number;
  readonly folded: ReadonlySet<string>;
  readonly page: number;
  move(to: number): void;
  fold(row: Row, to: boolean): void;
  select(id: string): void;
}

const within = ({ rows }: Step, to: number): number => Math.max(0, Math.min(rows.length - 1, to));

const KEYS: Readonly<Record<string, (step: Step) => void>> = {
  ArrowDown: (step) => step.move(within(step, step.at + 1)),
  ArrowUp: (step) => step.move(within(step, step.at - 1)),
  PageDown: (step) => step.move(within(step, step.at + step.page)),
  PageUp: (step) => step.move(within(step, step.at - step.page)),
  Home: (step) => step.move(0),
  End: (step) => step.move(within(step, step.rows.length - 1)),
  Enter: ({ row, select }) => select(row.id),
  ' ': ({ row, select }) => select(row.id),
  ArrowRight: (step) => {
    if (step.row.below > 0 && step.folded.has(step.row.id)) step.fold(step.row, false);
    else if (step.row.below > 0) step.move(within(step, step.at + 1));
  },
  ArrowLeft: (step) => {
    if (step.row.below > 0 && !step.folded.has(step.row.id)) step.fold(step.row, true);
    else
      step.move(
        Math.max(
          0,
          step.rows.findIndex(({ index }) => index === step.row.parent),
        ),
      );
  },
};

function Scale({ durationMs }: { durationMs: number }) {
  const ticks = Array.from({ length: TICKS }, (_, at) => at / (TICKS - 1));
  return (
    <div class="scale" aria-hidden="true">
      <span class="scale-name">Span</span>
      <div class="scale-time">
        {ticks.map((share) => (
          <span key={share} style={{ left: `${share * 100}%` }}>
            {duration(share * durationMs)}
          </span>
        ))}
      </div>
    </div>
  );
}

interface LineProps {
  readonly row: Row;
  readonly position: number;
  readonly durationMs: number;
  /** Room of a label, percent of the width of all bars. */
  readonly labelShare: number;
  readonly active: boolean;
  readonly selected: boolean;
  readonly folded: boolean;
  onFold(): void;
  onSelect(): void;
}

function SpanLine({ row, position, durationMs, labelShare, active, selected, folded, onFold, onSelect }: LineProps) {
  const share = (ms: number): number => (durationMs === 0 ? 0 : (ms / durationMs) * 100);
  const label = labelOf(share(row.start), share(row.duration), labelShare);
  const classes = ['span-row', active && 'active', selected && 'selected', row.failed && 'failed'].filter(Boolean).join(' ');
  const described = [
    `${row.service}, ${duration(row.duration)}, self time ${duration(row.self)}`,
    row.failed && 'failed',
    row.open && 'still open',
    row.critical && 'on the critical path',
  ];
  return (
    <div
      id={`row-${row.id}`}
      class={classes}
      role="row"
      aria-rowindex={position + 1}
      aria-level={row.depth + 1}
      aria-expanded={row.below > 0 ? !folded : undefined}
      aria-selected={selected}
      style={{ top: `${position * ROW_HEIGHT}px` }}
      onClick={onSelect}
    >
      <div class="span-name" role="gridcell" style={{ paddingLeft: `${Math.min(row.depth, 24) * 14 + 4}px` }}>
        {row.below > 0 ? (
          <button
            type="button"
            class="fold"
            tabIndex={-1}
            aria-label={folded ? `Unfold ${plural(row.below, 'span')}` : 'Fold'}
            onClick={(event) => {
              event.stopPropagation();
              onFold();
            }}
          >
            {folded ? '▸' : '▾'}
          </button>
        ) : (
          <span class="fold" aria-hidden="true" />
        )}
        <span class={`dot ${hueOf(row.service)}`} aria-hidden="true" />
        <span class="text" title={row.name}>
          {row.name || '(no name)'}
        </span>
        {row.failed && <span class="mark error-text">✗</span>}
        {row.links && <span class="mark">↗</span>}
        {folded && <span class="tag">{row.below}</span>}
        <span class="hidden">{described.filter(Boolean).join(', ')}</span>
      </div>
      <div class="span-time" role="gridcell" aria-label={duration(row.duration)}>
        <span
          class={`span-bar ${row.failed ? 'error' : hueOf(row.service)}${row.critical ? ' critical' : ''}${row.open ? ' open' : ''}`}
          style={{ left: `${share(row.start)}%`, width: `${share(row.duration)}%` }}
        />
        <span class={label.side === 'within' ? 'span-label within' : 'span-label'} style={label.style}>
          {duration(row.duration)}
        </span>
      </div>
    </div>
  );
}

/** Behind the bar; in front of it where it ends late; within it where neither side has room. All in percent. */
function labelOf(start: number, width: number, room: number): { readonly side: string; readonly style: Record<string, string> } {
  if (start + width + room <= 100) return { side: 'behind', style: { left: `calc(${start + width}% + 4px)` } };
  if (start >= room) return { side: 'before', style: { right: `calc(${100 - start}% + 4px)` } };
  return { side: 'within', style: { right: `calc(${Math.max(0, 100 - start - width)}% + 6px)` } };
}
