// The record of every change and every refused change: one log line each, and the last ones in memory for `GET audit`.
// Texts from outside are cleaned before they are kept, so that a reason cannot forge a second line or steer a terminal.

import { printable } from '../text/printable.js';

/** A change that was requested over the admin hook, and its outcome. */
export interface AuditEntry {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly outcome: 'done' | 'refused';
  /** The caller's name as the request states it: not verified beyond the token. */
  readonly actor: string | null;
  /** The change, for example `set tracing-enabled to true`. */
  readonly change: string;
  /** Until when the change holds. */
  readonly until: string | null;
  readonly lease: string | null;
  readonly reason: string | null;
  /** Why it was refused. */
  readonly refusal: string | null;
}

/** Entries kept; older ones are only in the log. */
const KEPT = 200;

function lineOf(entry: AuditEntry): string {
  const parts = [`spanwright admin: ${entry.outcome === 'refused' ? 'refused: ' : ''}${entry.change}`];
  parts.push(`by ${entry.actor ?? 'an unnamed caller'}`);
  if (entry.until !== null) parts.push(`until ${entry.until}`);
  if (entry.lease !== null) parts.push(`(lease ${entry.lease})`);
  if (entry.reason !== null) parts.push(`reason: ${entry.reason}`);
  if (entry.refusal !== null) parts.push(`because: ${entry.refusal}`);
  return parts.join(' ');
}

export class Audit {
  readonly #entries: AuditEntry[] = [];

  constructor(private readonly write: (line: string) => void) {}

  /** Oldest first. */
  get entries(): readonly AuditEntry[] {
    return this.#entries;
  }

  add(
    facts: Pick<AuditEntry, 'outcome' | 'change'> & { readonly [Key in keyof AuditEntry]?: AuditEntry[Key] | undefined },
  ): void {
    const clean = (text: string | null | undefined, most: number) => (text ? printable(text, most) : null);
    const entry: AuditEntry = {
      at: new Date().toISOString(),
      outcome: facts.outcome,
      actor: clean(facts.actor, 100),
      change: printable(facts.change, 300),
      until: facts.until ?? null,
      lease: facts.lease ?? null,
      reason: clean(facts.reason, 500),
      refusal: clean(facts.refusal, 500),
    };
    this.#entries.push(entry);
    if (this.#entries.length > KEPT) this.#entries.shift();
    this.log(lineOf(entry));
  }

  /** Writes a line; a logger that throws does not undo a change that was made. */
  log(line: string): void {
    try {
      this.write(line);
    } catch {
      // The entry is in the list already; a broken logger can be reported nowhere else.
    }
  }
}
