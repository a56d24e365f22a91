// Durations and counts as the admin page and the viewer show them.

/** Three significant digits: `850 µs`, `12.3 ms`, `1.24 s`, `2 min 5 s`, `3 h 20 min`. */
export function duration(ms: number): string {
  if (ms < 0.9995) return `${Math.round(Math.max(0, ms) * 1000)} µs`;
  if (ms < 999.5) return `${ms < 9.995 ? ms.toFixed(2) : ms < 99.95 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9995 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 3600
    ? `${Math.floor(seconds / 60)} min ${seconds % 60} s`
    : `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** Time left: `9:59`, `1:05:00`. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), twoDigits(seconds % 60)];
  return hours === 0 ? `${minutes}:${rest}` : `${hours}:${twoDigits(minutes)}:${rest}`;
}

/** Whole seconds, minutes or hours since a moment: `now`, `12 s`, `3 min`. */
export function ago(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 1) return 'now';
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

/** At most five characters: `9999`, `12.3 k`, `4.1 M`. */
export function shortCount(value: number): string {
  if (value < 10_000) return String(value);
  return value < 1e6 ? `${(value / 1000).toFixed(value < 1e5 ? 1 : 0)} k` : `${(value / 1e6).toFixed(1)} M`;
}

/** A rate, empty for none: `<0.1`, `4.2`, `12.3 k`. */
export function perSecond(rate: number): string {
  if (rate === 0) return '';
  if (rate < 0.1) return '<0.1';
  return rate < 10 ? rate.toFixed(1) : shortCount(Math.round(rate));
}
