// The modules whose functions have a prologue. Each keeps one variable, which holds its recorder while a call may be recorded and
// nothing otherwise; it is set here, for all modules, whenever the gate becomes idle or stops being so. One per process.

import type { Attributes } from '@opentelemetry/api';
import { CapturedWeakRef } from '../captured.js';
import type { AnyFunction, Site } from './site.js';

/**
 * Called by a module's functions, with (row, self, arguments) or (function, row, self, arguments). True: the call was recorded, and the
 * answer waits to be taken. Called with the row alone by functions that are recorded inline: returns what ends the call, or undefined.
 */
export type ModuleRecorder = (...given: [first: unknown, second?: unknown, third?: unknown, ...args: unknown[]]) => unknown;

/** Ends a call that is recorded inline, with what the function returns. A promise ends it when it settles. */
export interface InlineCall {
  (value?: unknown): void;
  /** Marks the call as failed, before it is ended. */
  fail(error: unknown): void;
}

/**
 * The call of an asynchronous function, as its prologue ends it: it awaits `p` and passes the value through `v`, or the error through `x`.
 * Both return what they are given, and never throw.
 */
export abstract class AwaitedCall {
  /** @param p the promise of the body */
  constructor(readonly p: unknown) {}

  abstract v(value: unknown): unknown;
  abstract x(error: unknown): unknown;
}

export interface ModuleTable {
  /** Sets the module's variable. */
  readonly set: (recorder: ModuleRecorder | undefined) => void;
  readonly recorder: ModuleRecorder;
  /** Reads its text, if it has not been read. */
  readRows(): void;
  /** Creates the sites of all functions that are registered and have none yet. */
  createSites(): void;
  /** The site of a registered function, created if need be. */
  siteOf(fn: AnyFunction): Site | undefined;
  /** `code.*` of a registered function, without creating its site. */
  placeOf(fn: AnyFunction): Attributes | undefined;
}

export class ModuleTables {
  /** The function that is being entered again to run its body: its next prologue lets the body run. */
  entered: unknown = undefined;
  /** Result of the recorded call that has just returned, or an AwaitedCall. Read at once. */
  answer: unknown = undefined;
  #idle = true;
  // held weakly: the table of a module that was loaded again is collected with the functions of the earlier load
  #tables: WeakRef<ModuleTable>[] = [];
  #pruneAt = 1024;
  /** Index of the first module whose text may not have been read. */
  #unread = 0;

  add(table: ModuleTable): void {
    this.#tables.push(new CapturedWeakRef(table));
    if (!this.#idle) table.set(table.recorder);
    if (this.#tables.length < this.#pruneAt) return;
    this.#tables = this.#tables.filter((reference) => reference.deref() !== undefined);
    this.#pruneAt = Math.max(1024, this.#tables.length * 2);
    this.#unread = 0;
  }

  /** Reads all texts: they say which functions of classes record their calls. */
  readRows(): void {
    while (this.#unread < this.#tables.length) this.#tables[this.#unread++]?.deref()?.readRows();
  }

  *[Symbol.iterator](): IterableIterator<ModuleTable> {
    for (const reference of this.#tables) {
      const table = reference.deref();
      if (table !== undefined) yield table;
    }
  }

  /** Called by the gate when it becomes idle, and when it stops being so. */
  switch(idle: boolean): void {
    if (idle === this.#idle) return;
    this.#idle = idle;
    for (const table of this) table.set(idle ? undefined : table.recorder);
  }

  createSites(): void {
    for (const table of this) table.createSites();
  }
}

/** Functions that record their calls, so that none is wrapped twice: the site of each, or the table that creates it. */
export class MadeFunctions extends WeakMap<object, Site | ModuleTable> {
  constructor(private readonly tables: ModuleTables) {
    super();
  }

  override get(fn: object): Site | ModuleTable | undefined {
    this.tables.readRows();
    return super.get(fn);
  }

  override has(fn: object): boolean {
    return this.get(fn) !== undefined;
  }
}
