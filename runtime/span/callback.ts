// Runs user callbacks (`attributes`, `result`, `parent`, `links`, `expectedErrors`) and writes what they return, and the named
// arguments, onto a span. Callbacks run only for recorded calls. Their exceptions are logged (SPW010) and swallowed, and calls
// that they make are not traced: a callback that calls an instrumented method of the same object would call itself, through that
// method's own callback, until the stack is full.

import { types } from 'node:util';
import type { Attributes, AttributeValue, Link, Span } from '@opentelemetry/api';
import { apply, hasOwn, promiseThen } from '../captured.js';
import { reportFault } from '../fault.js';
import type { AnyFunction, Site } from '../site/site.js';
import { cleanAttributes, REDACTED, recordValue, type SpanLimits } from './attributes.js';
import { isLink } from './event.js';
import type { RecordedSpan } from './recorded.js';

/** `running` while {@link untraced} code runs: calls made now are transparent. An object, so that other files can set it without a call. */
export const applicationCode = { running: false };

/** Runs code of the application on whose behalf nothing is recorded: callbacks, span processors, meters. Throws what it throws. */
export function untraced(work: AnyFunction, self: unknown, args: ArrayLike<unknown>): unknown {
  const before = applicationCode.running;
  applicationCode.running = true;
  try {
    return apply(work, self, args);
  } finally {
    applicationCode.running = before;
  }
}

/** Returns the callback's result, or undefined when it threw. @param option its name, for the log */
export function callback(option: string, site: Site, work: AnyFunction, self: unknown, args: ArrayLike<unknown>): unknown {
  try {
    return untraced(work, self, args);
  } catch (error) {
    reportFault(`the callback "${option}" of ${site.id} failed`, error);
    return undefined;
  }
}

export function capture(span: RecordedSpan, site: Site, self: unknown, args: ArrayLike<unknown>): void {
  const { options } = site;
  if (options.args !== undefined) captureArguments(span, span.recorder.limits, site, args);
  if (options.attributes !== undefined)
    captureAttributes(span, 'attributes', site, callback('attributes', site, options.attributes, self, args));
  if (options.links !== undefined) captureLinks(span, site, callback('links', site, options.links, self, args));
}

/** Adds what the options of a site without a span of its own name to a span, which may be one of the user's SDK. */
export function addTo(span: Span, limits: SpanLimits, site: Site, self: unknown, args: ArrayLike<unknown>): void {
  const { adds, attributes, args: named } = site.options;
  if (named !== undefined) captureArguments(span, limits, site, args);
  const add = (found: unknown): void => {
    span.setAttributes(cleanAttributes(found as Attributes, limits.attributeCount, limits).kept);
  };
  add(adds);
  if (attributes === undefined) return;
  const computed = callback('attributes', site, attributes, self, args);
  if (withoutRejection(computed)) reportFault(`attributes of ${site.id}`, 'found a promise; expected attributes');
  else add(computed);
}

/** Writes what a callback returned. A promise is not awaited, but its rejection must not reach the program either. */
export function captureAttributes(span: RecordedSpan, option: string, site: Site, attributes: unknown): void {
  if (attributes === undefined || attributes === null) return;
  if (withoutRejection(attributes)) {
    reportFault(`${option} of ${site.id}`, 'found a promise; expected attributes');
    return;
  }
  try {
    for (const key in attributes as Attributes) {
      if (hasOwn(attributes, key)) span.setAttribute(key, (attributes as Attributes)[key] as AttributeValue);
    }
  } catch (error) {
    reportFault(`${option} of ${site.id}`, error);
  }
}

/** True for a promise; its rejection will be handled. */
export function withoutRejection(value: unknown): boolean {
  if (!types.isPromise(value)) return false;
  apply(promiseThen, value, [undefined, () => {}]);
  return true;
}

function captureLinks(span: RecordedSpan, site: Site, links: unknown): void {
  try {
    for (const link of (links as Iterable<Link> | undefined) ?? []) {
      if (isLink(link)) span.addLink(link);
      else reportFault(`links of ${site.id}`, 'found a link without a span context; a carrier without trace context gives none');
    }
  } catch (error) {
    reportFault(`links of ${site.id}`, error);
  }
}

function captureArguments(span: Pick<Span, 'setAttribute'>, limits: SpanLimits, site: Site, args: ArrayLike<unknown>): void {
  const { hides } = limits;
  for (const { index, parameter, key } of site.options.args ?? []) {
    if (index >= args.length) continue;
    try {
      if (hides?.(parameter) || hides?.(key)) {
        span.setAttribute(key, REDACTED);
        continue;
      }
      const value = recordValue(args[index], limits);
      if (value !== undefined) span.setAttribute(key, value);
      else if (typeof args[index] === 'object' && args[index] !== null) {
        reportFault(`args of ${site.id}`, `"${key}" is an object, which is not recorded; name the fields with \`attributes\``);
      }
    } catch (error) {
      reportFault(`args of ${site.id}`, error);
    }
  }
}
