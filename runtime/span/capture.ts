// Writes what the user asked for onto a span that has just started: named arguments, attributes and links. Callbacks of the
// user's run only here, only for recorded calls, and their failure stays here.

import { types } from 'node:util';
import type { Attributes } from '@opentelemetry/api';
import type { Site } from '../site/site.js';
import { REDACTED, recordValue } from './attributes.js';
import type { RecordedSpan } from './recorded.js';
import { tellFault } from './recorder.js';

export function capture(span: RecordedSpan, site: Site, self: unknown, args: ArrayLike<unknown>): void {
  const { options } = site;
  if (options.args !== undefined) captureArguments(span, site, args);
  if (options.attributes !== undefined) {
    try {
      captureAttributes(span, `attributes of ${site.id}`, Reflect.apply(options.attributes, self, args));
    } catch (error) {
      tellFault(`attributes of ${site.id}`, error);
    }
  }
  if (options.links !== undefined) {
    try {
      for (const link of Reflect.apply(options.links, self, args) ?? []) span.addLink(link);
    } catch (error) {
      tellFault(`links of ${site.id}`, error);
    }
  }
}

/** What a callback returned. A promise is not waited for, but its failure must not reach the program either. */
export function captureAttributes(span: RecordedSpan, where: string, attributes: Attributes | undefined): void {
  if (attributes === undefined || attributes === null) return;
  if (types.isPromise(attributes)) {
    Promise.prototype.catch.call(attributes, () => {});
    tellFault(where, 'found a promise; expected attributes, at once');
    return;
  }
  span.setAttributes(attributes);
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
