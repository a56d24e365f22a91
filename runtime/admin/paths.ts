// Finds the row of the table for the path of a request: prefix, match, `:id`, and the answers for unknown paths and wrong methods.

import { InvalidArgumentError } from '../errors.js';
import { didYouMean } from '../text/nearest.js';
import { percentDecoded } from '../text/percent-decoded.js';
import { printable } from '../text/printable.js';
import { Refusal } from './refusal.js';
import type { Route } from './route.js';
import { ROUTES } from './routes.js';

export interface RouteMatch {
  readonly route: Route;
  /** The decoded `:id`, or the empty string. */
  readonly id: string;
}

/** The prefix without its last slash; `/` becomes the empty string. @throws InvalidArgumentError when it is not a plain path. */
export function normalPrefix(prefix: string): string {
  const normal = prefix.replace(/\/$/, '');
  if (normal === '' || /^(?:\/[A-Za-z0-9._~-]+)+$/.test(normal)) return normal;
  const message = `prefix "${printable(prefix, 80)}" must be a plain path that begins with "/", such as "/tracing".`;
  throw new InvalidArgumentError('prefix', message);
}

/** The part of `path` below `prefix`, without slashes round it; undefined when it is not below. */
export function pathBelow(path: string, prefix: string): string | undefined {
  if (path !== prefix && !path.startsWith(`${prefix}/`)) return undefined;
  return path.slice(prefix.length).replace(/^\/|\/$/g, '');
}

function idIn(path: string, pattern: string): string | undefined {
  if (!pattern.endsWith('/:id')) return path === pattern ? '' : undefined;
  const stem = pattern.slice(0, -':id'.length);
  const rest = path.startsWith(stem) ? path.slice(stem.length) : '';
  if (rest === '' || rest.includes('/')) return undefined;
  const id = percentDecoded(rest);
  if (id === undefined) throw new Refusal('invalid', 'The id in the path is not validly encoded.', { field: 'id' });
  return id;
}

const shownPath = (route: Route, prefix: string) => (route.path === '' ? prefix || '/' : `${prefix}/${route.path}`);

/** The row for a path below the prefix and a method. @throws Refusal 404 that lists the routes, or 405 with `Allow`. */
export function routeFor(path: string | undefined, method: string, prefix: string): RouteMatch {
  const found = ROUTES.flatMap((route) => {
    const id = path === undefined ? undefined : idIn(path, route.path);
    return id === undefined ? [] : [{ route, id }];
  });
  if (found.length === 0) {
    const known = ROUTES.map((route) => `${route.method} ${shownPath(route, prefix)}`).join(', ');
    const hint = didYouMean(
      path ?? '',
      ROUTES.map((route) => route.path).filter((candidate) => candidate !== ''),
    );
    throw new Refusal('unknown', `There is no such route.${hint} Routes: ${known}.`);
  }
  const wanted = method === 'HEAD' ? 'GET' : method;
  const match = found.find(({ route }) => route.method === wanted);
  if (match !== undefined) return match;
  const allow = found.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method])).join(', ');
  throw new Refusal('method', `${printable(method, 20)} is not allowed here; use ${allow}.`, { headers: { allow } });
}
