// Writes what the user asked for onto a span that has just started: named arguments, attributes and links. Callbacks of the
// user's run only here, only for recorded calls, and their failure stays here.

import { types } from 'node:util';
import type { Attributes, Link } from '@opentelemetry/api';
import type { Site } from '../site/site.js';
import { REDACTED, recordValue } from './attributes.js';
import { callback } from './callback.js';
import { isLink, type RecordedSpan } from './recorded.js';
import { tellFault } from './recorder.js';

export function capture(span: RecordedSpan, site: Site, self: unknown, args: ArrayLike<unknown>): void {
  const { options } = site;
  if (options.args !== undefined) captureArguments(span, site, args);
  if (options.attributes !== undefined)
    captureAttributes(span, 'attributes', site, callback('attributes', site, options.attributes, self, args));
  if (options.links !== undefined) captureLinks(span, site, callback('links', site, options.links, self, args));
}

/** What a callback returned. A promise is not waited for, but its failure must not reach the program either. */
export function captureAttributes(span: RecordedSpan, option: string, site: Site, attributes: unknown): void {
  if (attributes === undefined || attributes === null) return;
  if (types.isPromise(attributes)) {
    Promise.prototype.catch.call(attributes, () => {});
    tellFault(`${option} of ${site.id}`, 'found a promise; expected attributes, at once');
    return;
  }
  try {
    span.setAttributes(attributes as Attributes);
  } catch (error) {
    tellFault(`${option} of ${site.id}`, error);
  }
}

function captureLinks(span: RecordedSpan, site: Site, links: unknown): void {
  try {
    for (const link of (links as Iterable<Link> | undefined) ?? []) {
      if (isLink(link)) span.addLink(link);
      else
        tellFault(`links of ${site.id}`, 'found a link without a span context; a carrier that brought none has none to link to');
    }
  } catch (error) {
    tellFault(`links of ${site.id}`, error);
  }
}

function captureArguments(span: RecordedSpan, site: Site, args: ArrayLike<unknown>): void {
  const { hides } = span.recorder.limits;
  for (const { index, parameter, key } of site.options.args ?? []) {
    if (index >= args.length) continue;
    try {
      if (hides?.(parameter)) {
        span.setAttribute(key, REDACTED);
        continue;
      }
      const value = recordValue(args[index], span.recorder.limits);
      if (value !== undefined) span.setAttribute(key, value);
      else if (typeof args[index] === 'object' && args[index] !== null) {
        tellFault(`args of ${site.id}`, `"${key}" is an object, which is not recorded; name the fields with \`attributes\``);
      }
    } catch (error) {
      tellFault(`args of ${site.id}`, error);
    }
  }
}
