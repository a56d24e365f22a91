// Spans that outlive a pass of the program: a drain, a reconcile, kept by key from one pass to the next. Bounded in number and
// age; a marker span, ended at once, shows the session in a backend before the session itself ends.

import type { Context, Span, SpanContext } from '@opentelemetry/api';
import { now } from '../captured.js';

/** Span of a session; the watchdog, a shutdown or its holder may end it before the session. */
interface SessionSpan extends Span {
  readonly ended: boolean;
  recordFailure(error: unknown): void;
}

interface Session {
  readonly key: string;
  readonly span: SessionSpan;
  /** The context that passes run in. */
  readonly context: Context;
  readonly startedAt: number;
}

/** Sessions at once; further ones are refused. */
const MAX_SESSIONS = 10_000;
/** Age at which a session is ended without its owner. */
export const MAX_SESSION_AGE_MS = 24 * 60 * 60_000;

type SessionEnd = 'ended' | 'age' | 'shutdown';

export class SessionBook {
  /** Oldest first. */
  readonly #sessions = new Map<string, Session>();

  get size(): number {
    return this.#sessions.size;
  }

  get(key: string): Session | undefined {
    const session = this.#sessions.get(key);
    if (session?.span.ended) {
      this.#sessions.delete(key);
      return undefined;
    }
    return session;
  }

  hasRoom(): boolean {
    this.endOld();
    return this.#sessions.size < MAX_SESSIONS;
  }

  add(session: Session): void {
    this.#sessions.set(session.key, session);
  }

  /** False when there is no such session. */
  end(key: string, how: SessionEnd): boolean {
    const session = this.get(key);
    if (session === undefined) return false;
    this.#sessions.delete(key);
    session.span.setAttribute('spanwright.session.end', how);
    session.span.end();
    return true;
  }

  /** Ends sessions older than the limit. Called whenever a session starts, so that no timer is needed. */
  endOld(at = now()): void {
    for (const session of this.#sessions.values()) {
      if (at - session.startedAt < MAX_SESSION_AGE_MS) return;
      this.end(session.key, 'age');
    }
  }

  endAll(how: SessionEnd): void {
    for (const key of [...this.#sessions.keys()]) this.end(key, how);
  }

  list(): { key: string; spanContext: SpanContext; ageMs: number }[] {
    const at = now();
    return [...this.#sessions.values()]
      .filter((session) => !session.span.ended)
      .map(({ key, span, startedAt }) => ({ key, spanContext: span.spanContext(), ageMs: at - startedAt }));
  }
}
