// The rules of the table of open spans over a plain list, which the real one is compared with. It counts again at each question.

/** An entry, its namespace, and whether it was reported as a leak. */
interface Row {
  readonly entry: object;
  readonly namespace: string;
  excused: boolean;
}

export class PlainTable {
  rows: Row[] = [];
  started = 0;
  refused = 0;
  readonly reported: (string | undefined)[] = [];
  #excused: Row[] = [];
  #causes = new Set<string | undefined>();

  constructor(readonly max: number) {}

  /** Places that are taken, in all or by one namespace. */
  places(namespace?: string): number {
    return this.rows.filter((row) => !row.excused && (namespace ?? row.namespace) === row.namespace).length;
  }

  hasRoom(namespace: string): boolean {
    const share = this.max - Math.floor(this.max / 8);
    const full = this.places() >= this.max;
    if (this.places() < share || (!full && this.places(namespace) < share)) return true;
    this.refused++;
    const cause = full ? undefined : namespace;
    if (!this.#causes.has(cause)) this.reported.push(cause);
    this.#causes.add(cause);
    return false;
  }

  enter(entry: object, namespace: string): void {
    this.rows.push({ entry, namespace, excused: false });
    this.started++;
    this.#settle();
  }

  leave(row: Row): void {
    this.rows = this.rows.filter((one) => one !== row);
    this.#excused = this.#excused.filter((one) => one !== row);
    this.#settle();
  }

  /** @returns the one too many, reported first */
  excuse(row: Row): Row | undefined {
    row.excused = true;
    this.#excused.push(row);
    this.#settle();
    return this.#excused.length > this.max ? this.#excused[0] : undefined;
  }

  /** A full table is reported again once half of the places are free. */
  #settle(): void {
    if (this.places() <= this.max / 2) this.#causes.clear();
  }
}
