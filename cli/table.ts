// Tables and words for people. Text from the service is cleaned before it reaches the terminal.

import { printable } from '../runtime/text/printable.js';
import type { Lease } from '../runtime/tracing.js';

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

/** `text` in a style, on terminals that show it. */
export function styled(text: string, style: keyof typeof STYLES, colours: boolean): string {
  return colours ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text;
}

export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string | number | null;
  /** Right-aligned. */
  readonly number?: boolean;
  /** Longest text; what is longer is cut. Default 60. */
  readonly most?: number;
}

/** Lines of a table with a head; columns two blanks apart. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], colours = false): string[] {
  const cells = rows.map((row) => columns.map(({ of, most }) => printable(String(of(row) ?? ''), most ?? 60)));
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...cells.map((line) => [...(line[at] ?? '')].length)));
  const aligned = (line: readonly string[]): string =>
    line
      .map((text, at) => {
        const room = ' '.repeat(Math.max(0, (widths[at] ?? 0) - [...text].length));
        return columns[at]?.number ? room + text : text + room;
      })
      .join('  ')
      .trimEnd();
  const head = aligned(columns.map(({ title }) => title));
  return [styled(head, 'bold', colours), ...cells.map(aligned)];
}

/** Lines of names and values, the values aligned. */
export function facts(rows: readonly (readonly [string, string])[], colours = false): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${styled(name.padEnd(width), 'dim', colours)}  ${value}`);
}

/** A length of time for people: `850 ms`, `9.2 s`, `4 min 12 s`, `2 h 5 min`. */
export function shortDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

/** Remaining time of a lease: `4 min 12 s left`, or `until switched on`. */
export function timeLeft({ expiresAt }: Pick<Lease, 'expiresAt'>): string {
  return expiresAt === null ? 'until switched on' : `${shortDuration(Date.parse(expiresAt) - Date.now())} left`;
}

const SETTINGS: Readonly<Record<Lease['kind'], string>> = { enabled: 'tracing-enabled', rules: 'rules', drop: 'drop' };

/** Setting of a lease in the words of `spanwright set`: `tracing-enabled true --only carbide::api`. */
export function settingOf({
  kind,
  value,
  only = null,
  when = null,
  capture = null,
}: Pick<Lease, 'kind' | 'value'> & Partial<Pick<Lease, 'only' | 'when' | 'capture'>>): string {
  const restricted = `${only === null ? '' : ` --only ${only}`}${when === null ? '' : ` --when "${when}"`}${capture === null ? '' : ` --capture "${capture}"`}`;
  return `${SETTINGS[kind] ?? kind} ${value === '' ? '(empty)' : value}${restricted}`;
}
