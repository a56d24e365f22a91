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
  return answerOf(await sendToViewer(path, init));
}

async function answerOf<Answer>(response: Response): Promise<Answer> {
  const answer = (await response.json().catch(() => ({}))) as { error?: { message?: string } };
  if (!response.ok) throw new Error(answer.error?.message ?? `the viewer answered with status ${response.status}`);
  return answer as Answer;
}

/** The trace read last, which the viewer does not send again while it is the same. */
let lastRead: { readonly id: string; readonly tag: string; readonly trace: TraceDetail } | undefined;

export async function readTrace(id: string): Promise<TraceDetail> {
  if (sharedTrace !== undefined) return sharedTrace.trace;
  const known = lastRead?.id === id ? lastRead : undefined;
  const response = await sendToViewer(`/api/traces/${id}`, known && { headers: { 'if-none-match': known.tag } });
  if (response.status === 304 && known !== undefined) return known.trace;
  const trace = await answerOf<TraceDetail>(response);
  const tag = response.headers.get('etag');
  lastRead = tag === null ? undefined : { id, tag, trace };
  return trace;
}

export async function readSpan(trace: string, span: string): Promise<SpanDetail> {
  return sharedTrace?.spans[span] ?? (await json<SpanDetail>(`/api/traces/${trace}/spans/${span}`));
}
