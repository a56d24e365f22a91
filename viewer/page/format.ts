// Durations, times and colours as the page shows them.

/** Three significant digits: `850 µs`, `12.3 ms`, `1.24 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 0.9995) return `${Math.round(ms * 1000)} µs`;
  if (ms < 999.5) return `${ms < 9.995 ? ms.toFixed(2) : ms < 99.95 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9995 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 3600
    ? `${Math.floor(seconds / 60)} min ${seconds % 60} s`
    : `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export const clock = (ms: number): string => CLOCK.format(ms);
export const moment = (ms: number): string => DAY.format(ms);
export const count = (value: number): string => value.toLocaleString('en-US');
export const plural = (value: number, one: string): string => `${count(value)} ${one}${value === 1 ? '' : 's'}`;

const HUES = 8;

/** Class of a service's colour: the same service has the same one in every view. */
export function hueOf(service: string): string {
  let hash = 7;
  for (let at = 0; at < service.length; at += 1) hash = (Math.imul(hash, 31) + service.charCodeAt(at)) >>> 0;
  return `hue-${hash % HUES}`;
}
