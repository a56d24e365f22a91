// The table of a compiled module: one text, which is read, and from which sites are created, when tracing first needs them. Loading a module
// costs one call for each of its classes.

import type { Attributes, Context } from '@opentelemetry/api';
import { apply } from '../captured.js';
import { contexts } from '../context/active.js';
import { type SpanLayer, UNSAMPLED } from '../context/layer.js';
import { reportFault } from '../fault.js';
import { fulfils } from '../site/condition.js';
import type { AnyFunction, Site } from '../site/site.js';
import { AwaitedCall, type ModuleRecorder, type ModuleTable } from '../site/tables.js';
import { startInline } from '../span/inline.js';
import { contextToDecide, type Decision, decide, recordCall } from '../span/run.js';
import { state } from '../state.js';
import { makeSite, placeAttributes } from './make.js';
import type { InstrumentOptions } from './options.js';
import { markedParameters } from './record.js';
import { rowsOf, type TableHead, type TableRow } from './table.js';

/** Options of one registered function. */
interface Registration {
  readonly options: InstrumentOptions;
  /** Prototype or class, and method, under which `@record` noted parameters. */
  readonly marked?: readonly [object, string | symbol];
}

/** A class when it was defined: decorators may replace its members later. */
interface ClassMembers {
  /** Row of one of them. */
  readonly first: number;
  readonly static: Members;
  readonly prototype: Members;
}

/** Key and function, or the descriptor of an accessor, by turns: a list takes less memory than an object. */
type Members = readonly (string | AnyFunction | PropertyDescriptor)[];

/** One function of the module, once its site is needed. */
interface Slot {
  readonly site: Site;
  readonly row: TableRow;
  /** The function that was entered last, and what enters it again past its prologue. */
  fn: AnyFunction | undefined;
  enter: AnyFunction | undefined;
}

const NO_OPTIONS: Registration = { options: {} };
/** Placeholders for functions that have not been called yet; they keep the shape of sites the same. */
const UNKNOWN = { sync: (): void => undefined, async: async (): Promise<void> => undefined };

export class Module implements ModuleTable {
  readonly recorder: ModuleRecorder;
  #rows: readonly TableRow[] | undefined;
  /** Classes that were registered before the text was read. */
  #classes: ClassMembers[] = [];
  readonly #functions: (AnyFunction | undefined)[] = [];
  readonly #registered: (Registration | undefined)[] = [];
  readonly #slots: (Slot | undefined)[] = [];

  constructor(
    readonly set: ModuleTable['set'],
    private readonly head: TableHead,
  ) {
    this.recorder = recorderOf(this, this.#slots);
  }

  register(index: number, fn: unknown, options?: InstrumentOptions, marked?: Registration['marked']): void {
    if (typeof fn !== 'function') return;
    this.#functions[index] = fn as AnyFunction;
    const slot = this.#slots[index];
    if (slot !== undefined) enterBy(slot, fn as AnyFunction);
    // also keeps this table alive as long as one of its functions, because compiled code does not refer to it once the module is loaded
    state.made.set(fn, this);
    if (options === undefined && marked === undefined) return;
    this.#registered[index] = { options: options ?? {}, ...(marked && { marked }) };
    // wrong options are reported where the code is loaded
    if (options !== undefined) this.slot(index);
  }

  /** Registers the members of a class from one list of the table. @param first row of one of them */
  registerClass(owner: AnyFunction, first: number): void {
    const members = { first, static: ownFunctions(owner), prototype: ownFunctions(owner.prototype) };
    if (this.#rows === undefined) this.#classes.push(members);
    else this.#registerMembers(members);
  }

  #registerMembers({ first, ...members }: ClassMembers): void {
    const { within } = this.row(first);
    for (const [index, { found, record, within: list }] of this.rows.entries()) {
      if (found === undefined || list !== within) continue;
      const own = members[found.static ? 'static' : 'prototype'];
      const member = own[own.indexOf(record.function) + 1];
      this.register(
        index,
        found.kind === 'method' ? member : (member as PropertyDescriptor | undefined)?.[found.kind === 'getter' ? 'get' : 'set'],
      );
    }
  }

  readRows(): void {
    if (this.#rows !== undefined) return;
    this.#rows = rowsOf(this.head);
    for (const members of this.#classes.splice(0)) this.#registerMembers(members);
  }

  get rows(): readonly TableRow[] {
    this.readRows();
    return this.#rows as readonly TableRow[];
  }

  row(index: number): TableRow {
    return this.rows[index] as TableRow;
  }

  /** The site of a row; undefined for a marked function before it is registered with its options. */
  slot(index: number): Slot | undefined {
    const known = this.#slots[index];
    if (known !== undefined) return known;
    const row = this.row(index);
    const fn = this.#functions[index];
    if (fn === undefined && row.arity !== undefined) return undefined;
    const { options, marked } = this.#registered[index] ?? NO_OPTIONS;
    const site = makeSite(
      row.record,
      options,
      fn ?? UNKNOWN[row.async ? 'async' : 'sync'],
      marked ? markedParameters(...marked) : [],
    );
    // also where async functions are lowered
    site.isAsync = row.async;
    const slot = { site, row, fn, enter: fn && entering(fn) };
    this.#slots[index] = slot;
    return slot;
  }

  createSites(): void {
    for (const [index, { forwarded }] of this.rows.entries()) if (!forwarded) this.slot(index);
  }

  siteOf(fn: AnyFunction): Site | undefined {
    this.readRows();
    const index = this.#functions.indexOf(fn);
    return index === -1 ? undefined : this.slot(index)?.site;
  }

  placeOf(fn: AnyFunction): Attributes | undefined {
    this.readRows();
    const index = this.#functions.indexOf(fn);
    if (this.#registered[index] !== undefined) return this.siteOf(fn)?.attributes;
    return index === -1 ? undefined : placeAttributes(this.row(index).record);
  }
}

function ownFunctions(holder: object): Members {
  const found: (string | AnyFunction | PropertyDescriptor)[] = [];
  for (const key of Object.getOwnPropertyNames(holder)) {
    const descriptor = Object.getOwnPropertyDescriptor(holder, key) as PropertyDescriptor;
    if (typeof descriptor.value === 'function') found.push(key, descriptor.value);
    else if (!('value' in descriptor)) found.push(key, descriptor);
  }
  return found;
}

/**
 * The function that the functions of a module call while a call may be recorded: with the row, or with the function and the row where one
 * row stands for many functions. It is as small as it is for the engine to put it into its callers.
 */
function recorderOf(module: Module, slots: readonly (Slot | undefined)[]): ModuleRecorder {
  return function recordCallOf(first, second, third, fourth, fifth, sixth, seventh): unknown {
    try {
      if (typeof first === 'number' && isBeside(slots[first], third, fourth, fifth, sixth)) return undefined;
    } catch (fault) {
      reportFault('start of a call', fault);
      return undefined;
    }
    return decideAndRecord(module, first, second, third, fourth, fifth, sixth, seventh);
  };
}

/**
 * True where the body runs without a record: it was entered again, no trace may start here and none is active, the most frequent case, or
 * the trace that is active is left out.
 */
function isBeside(slot: Slot | undefined, a: unknown, b: unknown, c: unknown, d: unknown): boolean {
  const { tables, gate, flight } = state;
  if (slot === undefined) return false;
  if (tables.entered !== undefined) {
    if (tables.entered !== slot.fn) return false;
    tables.entered = undefined;
    return true;
  }
  if (!contexts.owned || flight.flight !== undefined) return false;
  const { site } = slot;
  if (site.choosesParent) return false;
  const context = contexts.storage.getStore() as SpanLayer | undefined;
  if (context !== undefined) return context[UNSAMPLED] === true && !gate.ignoresRemote;
  return !(site.starts && gate.enabled) || isExcluded(slot, a, b, c, d);
}

/** True when an argument of the call keeps it from starting a trace. */
function isExcluded({ site: { needs }, row, fn }: Slot, a: unknown, b: unknown, c: unknown, d: unknown): boolean {
  if (needs === undefined || fn === undefined) return false;
  const { index, condition } = needs;
  if (row.listed) return !fulfils(condition, (a as unknown[])[index]);
  return !fulfils(condition, index === 0 ? a : index === 1 ? b : index === 2 ? c : d);
}

/** Decides before the body is entered again. */
function decideAndRecord(
  module: Module,
  first: unknown,
  second: unknown,
  third: unknown,
  fourth: unknown,
  fifth: unknown,
  sixth: unknown,
  seventh: unknown,
): unknown {
  const { tables, gate, flight } = state;
  let slot: Slot | undefined;
  let decision: Decision | undefined;
  let context: Context | undefined;
  let body: AnyFunction | undefined;
  let self: unknown;
  let args: unknown[];
  let isFlown = false;
  try {
    const withFunction = typeof first !== 'number';
    slot = module.slot((withFunction ? second : first) as number);
    body = (withFunction ? (first as AnyFunction | undefined) : undefined) ?? slot?.fn;
    if (slot === undefined) return undefined;
    if (tables.entered !== undefined && tables.entered === body) {
      tables.entered = undefined;
      return undefined;
    }
    if (slot.site.off || gate.calls.idle) return undefined;
    if (slot.row.inline) return startInline(slot.site);
    if (body === undefined) return undefined;
    context = contextToDecide(slot.site);
    isFlown = flight.takes(slot.site);
    if (context === undefined && !isFlown) return undefined;
    const arity = slot.row.listed ? undefined : (slot.row.arity ?? body.length);
    self = withFunction ? third : second;
    args = withFunction ? listed(arity, fourth, fifth, sixth, seventh) : listed(arity, third, fourth, fifth, sixth);
    if (context !== undefined) decision = decide(context, slot.site, self, args);
    if (decision === undefined && !isFlown) return undefined;
    if (slot.fn !== body) enterBy(slot, body);
  } catch (fault) {
    reportFault('start of a call', fault);
    return undefined;
  }
  const { async } = slot.row;
  const answer =
    decision === undefined
      ? flight.record(slot.site, self, body, args, flight.under(context), async, tables)
      : recordCall(decision, slot.site, self, slot.enter as AnyFunction, args, async);
  tables.answer = async && !(answer instanceof AwaitedCall) ? { p: answer, v: passed, x: passed } : answer;
  return true;
}

/** Ends a call without a span. */
function passed(value: unknown): unknown {
  return value;
}

/** The arguments as a list. @param arity undefined: the prologue passes one list */
function listed(arity: number | undefined, a: unknown, b: unknown, c: unknown, d: unknown): unknown[] {
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

function enterBy(slot: Slot, fn: AnyFunction): void {
  slot.enter = entering(fn);
  slot.fn = fn;
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
