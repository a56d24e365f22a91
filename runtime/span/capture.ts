// Writes what the user asked for onto a span that has just started: named arguments, attributes and links. Callbacks of the
// user's run only here, only for recorded calls, and their failure stays here.

import type { Site } from '../site/site.js';
import { recordValue } from './attributes.js';
import type { RecordedSpan } from './recorded.js';
import { tellFault } from './recorder.js';

export function capture(span: RecordedSpan, site: Site, self: unknown, args: ArrayLike<unknown>): void {
  const { options } = site;
  if (options.args !== undefined) captureArguments(span, site, args);
  if (options.attributes !== undefined) {
    try {
      const attributes = Reflect.apply(options.attributes, self, args);
      if (attributes !== undefined) span.setAttributes(attributes);
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

function captureArguments(span: RecordedSpan, site: Site, args: ArrayLike<unknown>): void {
  for (const { index, key } of site.options.args ?? []) {
    if (index >= args.length) continue;
    try {
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
