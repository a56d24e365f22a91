// Roots with conditions: a trace starts at a call only where its arguments, its attributes, the baggage or the headers of its
// request fulfil them. They are read only after the rest of the decision has allowed a root.

import { type Attributes, type Context, propagation, type SpanKind } from '@opentelemetry/api';
import { requestHeaders } from '../context/request-headers.js';
import { reportFault } from '../fault.js';
import { type Condition, fulfils, type When } from '../site/condition.js';
import type { AnyFunction, Site } from '../site/site.js';
import { callback, withoutRejection } from './callback.js';

/** Properties that decide if a root span may start; a third-party span has its own. */
export interface RootTerms {
  readonly root: boolean;
  readonly ratio: number;
  readonly kind: SpanKind;
  /** True: it starts no trace, also where a signed request asks for one. */
  readonly never?: boolean;
  /** Path of the request, if a span of third-party instrumentation has it. */
  readonly path?: unknown;
}

/** Terms of a call of a site that has conditions. */
export class ConditionalCall implements RootTerms, NamedValues {
  readonly #site: Site;
  readonly #self: unknown;
  readonly #args: ArrayLike<unknown>;
  readonly #context: Context;

  constructor(site: Site, self: unknown, args: ArrayLike<unknown>, context: Context) {
    this.#site = site;
    this.#self = self;
    this.#args = args;
    this.#context = context;
  }

  get ratio(): number {
    return this.#site.ratio;
  }

  get kind(): SpanKind {
    return this.#site.kind;
  }

  get root(): boolean {
    const { root, when, id } = this.#site;
    if (root || when === undefined) return root;
    try {
      return anyHolds(when, this.#context, this);
    } catch (fault) {
      reportFault(`conditions of ${id}`, fault);
      return false;
    }
  }

  /** An argument is compared as it is, before it is cut or hidden for the span. */
  valueNamed(name: string): unknown {
    const { args, attributes } = this.#site.options;
    if (args !== undefined) {
      for (const { key, parameter, index } of args) if (key === name || parameter === name) return this.#args[index];
    }
    const constant = this.#site.attributes[name];
    return attributes === undefined ? constant : (this.#computed(attributes)?.[name] ?? constant);
  }

  #computed(attributes: AnyFunction): Attributes | undefined {
    const computed = callback('attributes', this.#site, attributes, this.#self, this.#args);
    return typeof computed !== 'object' || computed === null || withoutRejection(computed) ? undefined : (computed as Attributes);
  }
}

/** Arguments and attributes of a call. */
interface NamedValues {
  valueNamed(name: string): unknown;
}

/** True when one of the alternatives holds. Loops without callbacks: it runs for every call that could start a trace. */
export function anyHolds(alternatives: readonly When[], context: Context, values: NamedValues): boolean {
  for (let at = 0; at < alternatives.length; at++) {
    if (allHold(alternatives[at] as When, context, values)) return true;
  }
  return false;
}

function allHold(when: When, context: Context, values: NamedValues): boolean {
  for (let at = 0; at < when.length; at++) {
    const condition = when[at] as Condition;
    if (!fulfils(condition, found(condition, context, values))) return false;
  }
  return true;
}

function found({ source, name }: Condition, context: Context, values: NamedValues): unknown {
  if (source === 'value') return values.valueNamed(name);
  return source === 'header'
    ? membersOf(requestHeaders(context)?.values[name])
    : propagation.getBaggage(context)?.getEntry(name)?.value;
}

/** A header that comes several times is one value with commas: it is compared as a whole, and by its members. */
function membersOf(value: string | string[] | undefined): string | string[] | undefined {
  return typeof value === 'string' && value.includes(',') ? [value, ...value.split(',').map((member) => member.trim())] : value;
}
