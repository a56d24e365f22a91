// Result of an investigation: a cause with its evidence, or none.

export interface Finding {
  /** A short name for the kind of cause; null: the traces show none. */
  cause: string | null;
  /** Its subject, by the names in the traces. */
  subject: Readonly<Record<string, string | string[]>>;
  /** One sentence. */
  says: string;
  evidence: string[];
}

export const none = (says: string, evidence: string[] = []): Finding => ({ cause: null, subject: {}, says, evidence });
