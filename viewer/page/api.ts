// Requests to the JSON API. A shared trace answers from the data in its document instead. The token, where the viewer needs one, is in
// the fragment of the first address and kept for the tab.

import type { SharedTrace, SpanDetail, TraceDetail } from '../server/shapes.js';

const TOKEN_KEY = 'spanwright-viewer-token';

function tokenOfTab(): string | null {
  const given = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (given === undefined) return sessionStorage.getItem(TOKEN_KEY);
  sessionStorage.setItem(TOKEN_KEY, decodeURIComponent(given));
  history.replaceState(null, '', location.pathname + location.search);
  return decodeURIComponent(given);
}

const data = document.getElementById('shared-trace')?.textContent;
/** Data of a shared page, undefined on the live page. */
export const sharedTrace: SharedTrace | undefined = data ? (JSON.parse(data) as SharedTrace) : undefined;
const token = sharedTrace === undefined ? tokenOfTab() : null;

export function sendToViewer(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token !== null) headers.set('authorization', `Bearer ${token}`);
  return fetch(path, { ...init, headers });
}

/** @throws Error with the message of the API. */
export async function json<Answer>(path: string, init?: RequestInit): Promise<Answer> {
  const response = await sendToViewer(path, init);
  const answer = (await response.json().catch(() => ({}))) as { error?: { message?: string } };
  if (!response.ok) throw new Error(answer.error?.message ?? `the viewer answered with status ${response.status}`);
  return answer as Answer;
}

export async function readTrace(id: string): Promise<TraceDetail> {
  return sharedTrace?.trace ?? (await json<TraceDetail>(`/api/traces/${id}`));
}

export async function readSpan(trace: string, span: string): Promise<SpanDetail> {
  return sharedTrace?.spans[span] ?? (await json<SpanDetail>(`/api/traces/${trace}/spans/${span}`));
}
