// The flame view: each span a box below its parent, as wide as it took; drawn on a canvas, because a trace may have 20,000. Siblings that
// overlap are put into lanes of their own. Arrow keys move between spans; the wheel with Control, or + and -, zooms.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { duration, hueOf } from './format.js';
import type { Row } from './rows.js';

const LANE_HEIGHT = 20;
const LEAST_TEXT_WIDTH = 40;
const MOST_ZOOM = 10_000;

interface Box {
  readonly row: Row;
  readonly lane: number;
}

/** A canvas has a limited height. What would be lower is drawn in the last lane. */
const LAST_LANE = 399;

/** Lanes: below the parent's, and below any span of the same lane that is still running. */
function boxesOf(rows: readonly Row[]): Box[] {
  const lanes: number[] = [];
  const ends: number[] = [];
  return rows.map((row, index) => {
    let lane = row.parent === -1 ? 0 : (lanes[row.parent] ?? 0) + 1;
    while (lane < LAST_LANE && (ends[lane] ?? Number.NEGATIVE_INFINITY) > row.start) lane += 1;
    lane = Math.min(lane, LAST_LANE);
    ends[lane] = row.start + row.duration;
    lanes[index] = lane;
    return { row, lane };
  });
}

interface FlameProps {
  readonly rows: readonly Row[];
  readonly durationMs: number;
  readonly text: string;
  readonly selected: string | undefined;
  onSelect(id: string): void;
}

interface Window {
  readonly from: number;
  readonly to: number;
}

export function Flame({ rows, durationMs, text, selected, onSelect }: FlameProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [range, setRange] = useState<Window>({ from: 0, to: 1 });
  const [width, setWidth] = useState(800);
  const boxes = useMemo(() => boxesOf(rows), [rows]);
  const height = (boxes.reduce((most, { lane }) => Math.max(most, lane), 0) + 1) * LANE_HEIGHT;
  const window: Window = { from: range.from * durationMs, to: Math.max(range.to * durationMs, 0.001) };

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (canvas.current !== null) draw(canvas.current, { boxes, window, width, height, text: text.toLowerCase(), selected });
  }, [boxes, range, width, height, text, selected, durationMs]);

  const boxAt = (event: MouseEvent): Box | undefined => {
    const lane = Math.floor(event.offsetY / LANE_HEIGHT);
    const time = window.from + (event.offsetX / width) * (window.to - window.from);
    return boxes.find(({ row, lane: own }) => own === lane && row.start <= time && time <= row.start + row.duration);
  };
  const zoom = (factor: number, middle = 0.5): void =>
    setRange(({ from, to }) => {
      const size = Math.min(1, Math.max(1 / MOST_ZOOM, (to - from) * factor));
      const start = Math.max(0, Math.min(1 - size, from + (to - from) * middle - size * middle));
      return { from: start, to: start + size };
    });
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === '+' || event.key === '=') zoom(0.5);
    else if (event.key === '-') zoom(2);
    else if (event.key === '0') setRange({ from: 0, to: 1 });
    else {
      const next = adjacentBox(boxes, selected, event.key);
      if (next === undefined) return;
      onSelect(next.row.id);
    }
    event.preventDefault();
  };
  const named = boxes.find(({ row }) => row.id === selected)?.row;
  return (
    <div class="flame">
      <canvas
        ref={canvas}
        role="img"
        tabIndex={0}
        aria-label={`Flame view. Arrow keys move between spans, plus and minus zoom. ${named === undefined ? '' : `${named.name}, ${duration(named.duration)}`}`}
        style={{ height: `${height}px` }}
        onClick={(event) => {
          const box = boxAt(event);
          if (box !== undefined) onSelect(box.row.id);
        }}
        onMouseMove={(event) => {
          const box = boxAt(event);
          event.currentTarget.title =
            box === undefined ? '' : `${box.row.name}\n${box.row.service}, ${duration(box.row.duration)}`;
        }}
        onDblClick={(event) => {
          const row = boxAt(event)?.row;
          if (row !== undefined && durationMs > 0)
            setRange({ from: row.start / durationMs, to: (row.start + row.duration) / durationMs });
        }}
        onWheel={(event) => {
          if (!event.ctrlKey) return;
          event.preventDefault();
          zoom(event.deltaY > 0 ? 1.25 : 0.8, event.offsetX / width);
        }}
        onKeyDown={onKey}
      />
      <p class="quiet">
        {duration(window.from)} to {duration(window.to)}
        {range.to - range.from < 1 && (
          <button type="button" onClick={() => setRange({ from: 0, to: 1 })}>
            Whole trace
          </button>
        )}
        . Double click zooms to a span, 0 shows the whole trace.
        {boxes.some(({ lane }) => lane === LAST_LANE) &&
          ` In the last of ${LAST_LANE + 1} rows spans overlap; the waterfall shows each.`}
      </p>
    </div>
  );
}

/** Up is the parent, down the first child, left and right the spans before and after. */
function adjacentBox(boxes: readonly Box[], selected: string | undefined, key: string): Box | undefined {
  const at = boxes.findIndex(({ row }) => row.id === selected);
  const box = boxes[at];
  if (box === undefined) return key.startsWith('Arrow') ? boxes[0] : undefined;
  if (key === 'ArrowUp') return boxes[box.row.parent];
  if (key === 'ArrowDown') return boxes.find(({ row }) => row.parent === box.row.index);
  if (key === 'ArrowRight') return boxes[at + 1];
  if (key === 'ArrowLeft') return boxes[at - 1];
  return undefined;
}

interface Picture {
  readonly boxes: readonly Box[];
  readonly window: Window;
  readonly width: number;
  readonly height: number;
  readonly text: string;
  readonly selected: string | undefined;
}

function draw(element: HTMLCanvasElement, { boxes, window, width, height, text, selected }: Picture): void {
  const scale = devicePixelRatio || 1;
  element.width = Math.round(width * scale);
  element.height = Math.round(height * scale);
  const context = element.getContext('2d');
  if (context === null) return;
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  context.scale(scale, scale);
  context.font = `12px ${style.fontFamily}`;
  context.textBaseline = 'middle';
  const size = window.to - window.from;
  for (const { row, lane } of boxes) {
    const left = ((row.start - window.from) / size) * width;
    const boxWidth = Math.max(1, (row.duration / size) * width - 1);
    if (left > width || left + boxWidth < 0) continue;
    const dim = text !== '' && !row.name.toLowerCase().includes(text) && !row.service.toLowerCase().includes(text);
    context.globalAlpha = dim ? 0.2 : 1;
    context.fillStyle = row.failed ? colour('--error-fill') : colour(`--${hueOf(row.service)}`);
    context.fillRect(left, lane * LANE_HEIGHT, boxWidth, LANE_HEIGHT - 2);
    if (row.id === selected) {
      context.strokeStyle = colour('--text');
      context.lineWidth = 2;
      context.strokeRect(left + 1, lane * LANE_HEIGHT + 1, Math.max(0, boxWidth - 2), LANE_HEIGHT - 4);
    }
    const shown = Math.min(boxWidth, width - Math.max(0, left));
    if (shown < LEAST_TEXT_WIDTH) continue;
    context.fillStyle = row.failed ? '#ffffff' : colour('--on-hue');
    context.save();
    context.beginPath();
    context.rect(Math.max(0, left), lane * LANE_HEIGHT, shown - 4, LANE_HEIGHT);
    context.clip();
    context.fillText(`${row.name}  ${duration(row.duration)}`, Math.max(0, left) + 5, lane * LANE_HEIGHT + (LANE_HEIGHT - 1) / 2);
    context.restore();
  }
}
