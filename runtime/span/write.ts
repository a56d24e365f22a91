// Writes of a program to a recorded span, within its limits. The span guards them: a fault of Spanwright is logged (SPW010).

import { type Attributes, type Link, type Span, type SpanStatus, SpanStatusCode, type TimeInput } from '@opentelemetry/api';
import { hasOwn } from '../captured.js';
import { reportFault } from '../fault.js';
import type { ConstantAttributes, Site } from '../site/site.js';
import { cleanValue, REDACTED, type SpanLimits } from './attributes.js';
import { exceptionAttributes, type Thrown } from './errors.js';
import { addLimitedLink, isLink, isTimeInput, limitedStatus, timedEvent } from './event.js';
import { SpanEvents } from './events.js';
import { toHrTime } from './time.js';
import type { LocalTrace } from './trace.js';

/** The recorded span, as far as writes need it. */
interface Written extends Span {
  readonly site: Site;
  readonly trace: Pick<LocalTrace, 'isNew'>;
  readonly recorder: { readonly limits: SpanLimits; constant(site: Site): ConstantAttributes };
  ownAttributes: Attributes | undefined;
  merged: Attributes | undefined;
  ownCount: number;
  ownDropped: number;
  status: SpanStatus;
  links: Link[];
  droppedLinksCount: number;
  eventList: SpanEvents | undefined;
  passedOn: boolean | undefined;
  /** Milliseconds since the epoch. */
  time(time: TimeInput | undefined): number;
  writeException(thrown: Thrown, time: TimeInput | undefined): void;
}

export function reportWrite(span: Written, what: string, fault: unknown): void {
  reportFault(`${what} of ${span.site.id}`, fault);
}

export function writeAttribute(span: Written, key: string, value: unknown): void {
  const { limits } = span.recorder;
  const clean = limits.hides?.(key) ? REDACTED : cleanValue(value, limits);
  if (clean === undefined) return;
  span.ownAttributes ??= {};
  if (!hasOwn(span.ownAttributes, key) && (key === '__proto__' || !takes(span, key))) return;
  span.ownAttributes[key] = clean;
  span.merged = undefined;
}

/** Counts a new key. False beyond the limit; a key of the site replaces the site's value. */
function takes(span: Written, key: string): boolean {
  const { attributes, room } = span.recorder.constant(span.site);
  if (hasOwn(attributes, key)) return true;
  const takes = span.ownCount < room;
  if (takes) span.ownCount++;
  else span.ownDropped++;
  return takes;
}

export function writeEvent(
  span: Written,
  name: string,
  attributesOrTime: Attributes | TimeInput | undefined,
  time: TimeInput | undefined,
): void {
  const { limits } = span.recorder;
  const timed = isTimeInput(attributesOrTime);
  const at = toHrTime(span.time(timed ? attributesOrTime : time));
  span.eventList ??= new SpanEvents(limits);
  span.eventList.add(timedEvent(name, timed ? undefined : attributesOrTime, at, limits));
}

export function writeLink(span: Written, link: Link): void {
  if (!isLink(link)) return;
  if (span.links.length === 0) span.links = [];
  span.droppedLinksCount += addLimitedLink(span.links, link, span.recorder.limits);
}

export function writeStatus(span: Written, status: SpanStatus): void {
  span.status = limitedStatus(status, span.recorder.limits) ?? span.status;
}

export function writeFailure(span: Written, error: unknown, thrown: Thrown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: thrown.message });
  span.setAttribute('error.type', thrown.type);
  writeThrown(span, error, thrown, undefined);
}

export function writeThrown(span: Written, error: unknown, thrown: Thrown, time: TimeInput | undefined): void {
  const isNew = span.trace.isNew(error);
  span.passedOn = !isNew && (span.passedOn ?? true);
  if (!isNew) return;
  const log = span.recorder.limits.exceptionLog;
  log?.emit(exceptionAttributes(thrown), span);
  if (log === undefined || log.alsoEvents) span.writeException(thrown, time);
}
