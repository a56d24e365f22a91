// Durations, times and colours as the page shows them.

import { nounFor } from '../../runtime/text/counted.js';

export { duration } from '../../runtime/admin/page/format.js';

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hourCycle: 'h23',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export const clock = (ms: number): string => CLOCK.format(ms);
export const moment = (ms: number): string => DAY.format(ms);
export const count = (value: number): string => value.toLocaleString('en-US');
export const plural = (value: number, one: string): string => `${count(value)} ${nounFor(value, one)}`;

const HUES = 8;

/** Class of a service's colour: the same service has the same one in every view. */
export function hueOf(service: string): string {
  let hash = 7;
  for (let at = 0; at < service.length; at += 1) hash = (Math.imul(hash, 31) + service.charCodeAt(at)) >>> 0;
  return `hue-${hash % HUES}`;
}
