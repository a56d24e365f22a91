// The table of a compiled module: one row of text per function with a prologue, from which sites are created when tracing first
// needs them. Loading a module costs one text and one array, regardless of how many functions it registers.

import type { Attributes } from '@opentelemetry/api';
import { apply } from '../captured.js';
import type { AnyFunction, Site, SiteRecord } from '../site/site.js';
import type { ModuleRecorder, ModuleTable } from '../site/tables.js';
import { recordAwaited } from '../span/awaited.js';
import { reportFault } from '../span/fault.js';
import { contextToDecide, type Decision, decide, recordCall } from '../span/run.js';
import { state } from '../state.js';
import { makeSite, placeAttributes } from './make.js';
import type { InstrumentOptions } from './options.js';
import { markedParameters } from './record.js';

/** Options of one registered function. */
interface Registration {
  readonly options: InstrumentOptions;
  /** Prototype or class, and method, under which `@record` noted parameters. */
  readonly marked?: readonly [object, string | symbol];
}

/** One function with a prologue, once its site is needed. */
interface Slot {
  readonly fn: AnyFunction;
  readonly site: Site;
  /** Enters the function again, past its prologue. */
  readonly enter: AnyFunction;
  readonly arity: number;
  readonly async: boolean;
}

const NO_OPTIONS: Registration = { options: {} };

export class Module implements ModuleTable {
  readonly recorder: ModuleRecorder;
  #rows: readonly string[] | undefined;
  readonly #functions: (AnyFunction | undefined)[] = [];
  readonly #registered: (Registration | undefined)[] = [];
  readonly #slots: (Slot | undefined)[] = [];

  constructor(
    readonly set: ModuleTable['set'],
    private readonly namespace: string,
    private readonly file: string,
    private readonly text: string,
    private readonly separator: string | undefined,
  ) {
    this.recorder = recorderOf(this);
  }

  register(index: number, fn: unknown, options?: InstrumentOptions, marked?: Registration['marked']): void {
    if (typeof fn !== 'function') return;
    this.#functions[index] = fn as AnyFunction;
    // also keeps this table for as long as one of its functions: compiled code does not refer to it once the module is loaded
    state.made.set(fn, this);
    if (options === undefined && marked === undefined) return;
    this.#registered[index] = { options: options ?? {}, ...(marked && { marked }) };
    // wrong options are reported where the code is loaded
    if (options !== undefined) this.slot(index);
  }

  /** The function of a row, or undefined before it is registered. */
  slot(index: number): Slot | undefined {
    const known = this.#slots[index];
    if (known !== undefined) return known;
    const fn = this.#functions[index];
    if (fn === undefined) return undefined;
    const { record, async } = this.record(index);
    const { options, marked } = this.#registered[index] ?? NO_OPTIONS;
    const site = makeSite(record, options, fn, marked === undefined ? [] : markedParameters(...marked));
    const slot = { fn, site, enter: entering(fn), arity: record.parameters?.length ?? 0, async };
    this.#slots[index] = slot;
    return slot;
  }

  record(index: number): { record: SiteRecord; async: boolean } {
    this.#rows ??= this.text.split('\n');
    const [line, column, name, below, parameters, async, spanName] = JSON.parse(`[${this.#rows[index]}]`) as Row;
    const { separator = '::', namespace, file } = this;
    return {
      async: async === 1,
      record: {
        namespace: below === '' ? namespace : namespace === '' ? below : `${namespace}${separator}${below}`,
        function: name,
        name: spanName ?? (below === '' ? name : `${below}.${name}`),
        ...(separator !== '::' && { separator }),
        file,
        line,
        column,
        parameters: parameters === '' ? [] : parameters.split(','),
        shape: async === 1 ? 'async' : 'sync',
      },
    };
  }

  createSites(): void {
    for (const index of this.#functions.keys()) this.slot(index);
  }

  siteOf(fn: AnyFunction): Site | undefined {
    return this.slot(this.#functions.indexOf(fn))?.site;
  }

  placeOf(fn: AnyFunction): Attributes | undefined {
    const index = this.#functions.indexOf(fn);
    if (this.#registered[index] !== undefined) return this.siteOf(fn)?.attributes;
    return index === -1 ? undefined : placeAttributes(this.record(index).record);
  }
}

type Row = [line: number, column: number, name: string, below: string, parameters: string, async?: 0 | 1, spanName?: string];

/** The function that the prologues of a module call while a call may be recorded. It decides before the body is entered again. */
function recorderOf(module: Module): ModuleRecorder {
  const { tables, gate } = state;
  return function record(index: number, self: unknown, a?: unknown, b?: unknown, c?: unknown, d?: unknown): unknown {
    let slot: Slot | undefined;
    let decision: Decision | undefined;
    let args: unknown[];
    try {
      slot = module.slot(index);
      if (slot === undefined) return record;
      if (tables.entered === slot.fn) {
        tables.entered = undefined;
        return record;
      }
      if (slot.site.off || gate.idle) return record;
      const context = contextToDecide(slot.site);
      if (context === undefined) return record;
      args = listed(slot.arity, a, b, c, d);
      decision = decide(context, slot.site, self, args);
    } catch (fault) {
      reportFault('start of a call', fault);
      return record;
    }
    if (decision === undefined) return record;
    const { site, enter } = slot;
    return slot.async ? recordAwaited(decision, site, self, enter, args) : recordCall(decision, site, self, enter, args);
  };
}

/** The arguments as a list. A prologue passes up to four one by one, and more as one list. */
function listed(arity: number, a: unknown, b: unknown, c: unknown, d: unknown): unknown[] {
  switch (arity) {
    case 0:
      return [];
    case 1:
      return [a];
    case 2:
      return [a, b];
    case 3:
      return [a, b, c];
    case 4:
      return [a, b, c, d];
    default:
      return a as unknown[];
  }
}

function entering(fn: AnyFunction): AnyFunction {
  const { tables } = state;
  return function enterBody(this: unknown) {
    tables.entered = fn;
    try {
      // biome-ignore lint/complexity/noArguments: a rest parameter would allocate a second list
      return apply(fn, this, arguments);
    } finally {
      if (tables.entered === fn) tables.entered = undefined;
    }
  };
}
