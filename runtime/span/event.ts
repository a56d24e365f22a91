// Events, links and status of a span in the form that exporters read, and the checks of what callers of the API pass.

import { types } from 'node:util';
import { type Attributes, type HrTime, type Link, type SpanStatus, SpanStatusCode, type TimeInput } from '@opentelemetry/api';
import { isArray } from '../captured.js';
import { reportFault } from '../fault.js';
import { cleanAttributes, type SpanLimits, UNREADABLE } from './attributes.js';

/** An event as the SDK's exporters read it. */
export interface TimedEvent {
  time: HrTime;
  name: string;
  attributes?: Attributes;
  droppedAttributesCount?: number;
}

/** A link, as exporters read it; an empty carrier has no span context. */
export function isLink(link: Link | undefined): link is Link {
  try {
    return typeof link?.context?.traceId === 'string' && typeof link.context.spanId === 'string';
  } catch (fault) {
    reportFault(UNREADABLE, fault);
    return false;
  }
}

export function isTimeInput(value: unknown): value is TimeInput {
  if (typeof value === 'number' || types.isDate(value)) return true;
  return !types.isProxy(value) && isArray(value) && value.length === 2 && typeof value[0] === 'number';
}

/** The event within the limits. */
export function timedEvent(name: string, attributes: Attributes | undefined, time: HrTime, limits: SpanLimits): TimedEvent {
  const { kept, dropped } = cleanAttributes(attributes, limits.eventAttributeCount, limits);
  return { name, attributes: kept, time, droppedAttributesCount: dropped };
}

/** The link within the limits. */
export function limitedLink({ context, attributes }: Link, limits: SpanLimits): Link {
  const { kept, dropped } = cleanAttributes(attributes, limits.linkAttributeCount, limits);
  return { context, attributes: kept, droppedAttributesCount: dropped };
}

/** Adds a link. Beyond the limit the oldest is dropped, as in the SDK. @returns the number of dropped links */
export function addLimitedLink(links: Link[], link: Link, limits: SpanLimits): number {
  links.push(limitedLink(link, limits));
  if (links.length <= limits.linkCount) return 0;
  links.shift();
  return 1;
}

/** The status within the limits; undefined where there is none to set. A message belongs to ERROR only. */
export function limitedStatus(status: Partial<SpanStatus> | undefined, limits: SpanLimits): SpanStatus | undefined {
  try {
    const { code, message } = status ?? {};
    if (code === SpanStatusCode.OK) return { code };
    if (code !== SpanStatusCode.ERROR) return undefined;
    return typeof message === 'string' ? { code, message: message.slice(0, limits.attributeLength) } : { code };
  } catch (fault) {
    reportFault(UNREADABLE, fault);
    return undefined;
  }
}
