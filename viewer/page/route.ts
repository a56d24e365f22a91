// The address of the page: view and filter are its query, so that a reload, a bookmark and the back button work. A shared page keeps its
// address in memory, because a file has no history to write.

import { signal } from '@preact/signals';
import { sharedTrace } from './api.js';

export type View = 'traces' | 'trace' | 'process' | 'compare' | 'map';

const initial = (): URLSearchParams =>
  sharedTrace === undefined
    ? new URLSearchParams(location.search)
    : new URLSearchParams({ view: 'trace', id: sharedTrace.trace.id });

export const query = signal(initial());
export const viewOf = (parameters: URLSearchParams): View => (parameters.get('view') as View | null) ?? 'traces';

if (sharedTrace === undefined) {
  addEventListener('popstate', () => {
    query.value = initial();
  });
}

export const hrefOf = (parameters: Readonly<Record<string, string>>): string => `?${new URLSearchParams(parameters)}`;

/** Opens an address of the page; `replace` for changes that are no step back of their own, such as typing. */
export function open(parameters: URLSearchParams | Readonly<Record<string, string>>, replace = false): void {
  const next = new URLSearchParams(parameters as Record<string, string>);
  for (const [name, value] of [...next]) if (value === '') next.delete(name, value);
  query.value = next;
  if (sharedTrace !== undefined) return;
  const address = next.size === 0 ? location.pathname : `?${next}`;
  if (replace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
}

/** Changes some parameters of the present address. An empty text removes one. */
export function change(parameters: Readonly<Record<string, string>>, replace = false): void {
  const next = new URLSearchParams(query.value);
  for (const [name, value] of Object.entries(parameters)) next.set(name, value);
  open(next, replace);
}

/** Follows a link within the page without loading it again. */
export function follow(event: MouseEvent): void {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const target = (event.currentTarget as HTMLAnchorElement).getAttribute('href') ?? '';
  if (!target.startsWith('?')) return;
  event.preventDefault();
  open(new URLSearchParams(target));
}
