// Validation of the options of reports (sites, namespaces, open spans, metrics). A value without a meaning is refused with its name,
// because a report that ignores it looks like the one that was asked for.

import { InvalidArgumentError } from '../errors.js';
import { checkOptions } from '../gate/lease-options.js';
import { describeFound } from '../text/found.js';
import { didYouMean } from '../text/nearest.js';
import type { SiteQuery } from '../tracing.js';
import { type PageOfSites, SITE_SORTS } from './site-pages.js';

const MOST_OPEN_SPANS = 10_000;

/** @throws InvalidArgumentError */
export function readPrefix(prefix: string): string {
  if (typeof prefix !== 'string') throw invalid('prefix', prefix, 'a string');
  return prefix;
}

/** @throws InvalidArgumentError naming the option */
export function readSiteQuery(query: SiteQuery): PageOfSites {
  checkOptions(query);
  const { prefix = '', sort = 'name', offset = 0, limit = Number.POSITIVE_INFINITY } = query;
  if (!SITE_SORTS.includes(sort))
    throw invalid('sort', sort, SITE_SORTS.join(', '), typeof sort === 'string' ? didYouMean(sort, SITE_SORTS) : '');
  return { prefix: readPrefix(prefix), sort, offset: readCount('offset', offset), limit: readCount('limit', limit) };
}

/** @throws InvalidArgumentError naming the option */
export function readOpenQuery(options: { limit?: number; attributes?: boolean }): { limit: number; attributes: boolean } {
  checkOptions(options);
  const { limit = 1000, attributes = false } = options;
  return { limit: Math.min(readCount('limit', limit), MOST_OPEN_SPANS), attributes };
}

/** A number of rows; Infinity for all. @throws InvalidArgumentError naming `field` */
function readCount(field: string, value: number): number {
  if (value !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(value) && value >= 0))
    throw invalid(field, value, 'a whole number from 0');
  return value;
}

function invalid(field: string, value: unknown, expected: string, hint = ''): InvalidArgumentError {
  return new InvalidArgumentError(field, `${field}: found ${describeFound(value)}; expected ${expected}.${hint}`);
}
