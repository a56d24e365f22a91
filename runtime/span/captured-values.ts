// Records values of a call under a lease with `capture`: arguments, result and fields of `this`, as attributes. Bounded in depth,
// length and number; what `redact` covers is hidden at every level. Only own data properties are read, and no proxy, getter, iterator
// or conversion of the program runs.

import { types } from 'node:util';
import type { AttributeValue } from '@opentelemetry/api';
import { getOwnPropertyDescriptor, isArray, keysOf, min, ownElements } from '../captured.js';
import { reportFault } from '../fault.js';
import type { Capture } from '../site/capture.js';
import type { Site } from '../site/site.js';
import { cutText, REDACTED, recordValue, type SpanLimits } from './attributes.js';
import type { RecordedSpan } from './recorded.js';

const MOST_ATTRIBUTES = 32;
const MOST_DEPTH = 3;
const MOST_CHARACTERS = 256;
const MOST_ELEMENTS = 16;
/** An object with more is a table: listing its fields may hold up the event loop, and they are data rather than structure. */
const MOST_FIELDS = 1000;
/** Objects that had more fields than that; they are not listed again. */
const wideObjects = new WeakSet<object>();

/** Stands for arguments of a function that the transformer has not seen: without their names, secrets among them cannot be recognized. */
const NAMES_UNKNOWN = '[names unknown: built without the transformer]';

/** `spanwright.arg.<parameter>` and `spanwright.this.<field>`; a destructured parameter by its position from 0. */
export function captureCall(span: RecordedSpan, site: Site, capture: Capture, self: unknown, args: ArrayLike<unknown>): void {
  try {
    if (capture.args) captureArguments(span, site.parameters, args);
    if (capture.self === 'all') new ValueWriter(span).writeFields('spanwright.this', self, 1);
    else for (const field of capture.self) new ValueWriter(span).writeField('spanwright.this', self, field, 1);
  } catch (fault) {
    reportFault(`captured values of ${site.id}`, fault);
  }
}

function captureArguments(span: RecordedSpan, parameters: readonly string[] | undefined, args: ArrayLike<unknown>): void {
  if (parameters === undefined) {
    span.setAttribute('spanwright.args', NAMES_UNKNOWN);
    return;
  }
  const values = new ValueWriter(span);
  const keys = keysOfArguments(parameters);
  // arguments behind the last name, of a rest parameter for example, have none by which a secret is known
  for (let at = 0; at < args.length && at < parameters.length; at++) {
    values.write(keys[at] as string, parameters[at] as string, args[at], 1);
  }
}

/** Keys by the list of parameters. Composing them again for each call would cost more than the rest. */
const argumentKeys = new WeakMap<readonly string[], readonly string[]>();

function keysOfArguments(parameters: readonly string[]): readonly string[] {
  let keys = argumentKeys.get(parameters);
  if (keys === undefined) {
    keys = parameters.map((name, at) => `spanwright.arg.${name || at}`);
    argumentKeys.set(parameters, keys);
  }
  return keys;
}

/** `spanwright.result`, and `spanwright.result.<field>` of an object. */
export function captureResult(span: RecordedSpan, site: Site, value: unknown): void {
  try {
    new ValueWriter(span).write('spanwright.result', 'result', value, 1);
  } catch (fault) {
    reportFault(`captured result of ${site.id}`, fault);
  }
}

class ValueWriter {
  #left = MOST_ATTRIBUTES;

  constructor(private readonly span: RecordedSpan) {}

  write(key: string, name: string, value: unknown, depth: number): void {
    const { limits } = this.span.recorder;
    if (limits.hides?.(name)) this.#set(key, REDACTED);
    else if (!isFieldHolder(value) || depth >= MOST_DEPTH || !this.writeFields(key, value, depth + 1))
      this.#set(key, shortValue(value, limits));
  }

  /** Own data properties with text for a name. @returns true where there was one */
  writeFields(key: string, object: unknown, depth: number): boolean {
    if (!isFieldHolder(object) || wideObjects.has(object)) return false;
    const names = keysOf(object);
    if (names.length > MOST_FIELDS) {
      wideObjects.add(object);
      return false;
    }
    const before = this.#left;
    for (let at = 0; at < names.length && this.#left > 0; at++) this.writeField(key, object, names[at] as string, depth);
    return this.#left < before;
  }

  writeField(key: string, object: unknown, name: string, depth: number): void {
    if (!isFieldHolder(object)) return;
    const property = getOwnPropertyDescriptor(object, name);
    if (property !== undefined && 'value' in property)
      this.write(`${key}.${cutText(name, MOST_CHARACTERS)}`, name, property.value, depth);
  }

  #set(key: string, value: AttributeValue | undefined): void {
    if (value === undefined || this.#left <= 0) return;
    this.#left--;
    this.span.setAttribute(key, value);
  }
}

/** True for an object whose own fields are read; false for an array and for a value that is recorded by its type. */
function isFieldHolder(value: unknown): value is object {
  // the type is checked first, because isArray() throws for a revoked proxy
  return typeof value === 'object' && value !== null && kindOf(value) === undefined && !isArray(value) && !types.isDate(value);
}

function shortValue(value: unknown, limits: SpanLimits): AttributeValue | undefined {
  switch (typeof value) {
    case 'string':
      return cutText(value, min(MOST_CHARACTERS, limits.attributeLength));
    case 'symbol':
      return '[symbol]';
    case 'function':
      return '[function]';
    case 'object':
      if (value === null) return 'null';
      if (types.isDate(value)) return recordValue(value, limits);
      return kindOf(value) ?? (isArray(value) ? listOf(value) : '[object]');
    default:
      return recordValue(value, limits);
  }
}

/** Values recorded by their type, without reading their content. A boxed string has a field for each character. */
function kindOf(value: object): string | undefined {
  if (types.isProxy(value)) return '[proxy]';
  if (types.isPromise(value)) return '[promise]';
  if (types.isAnyArrayBuffer(value) || types.isArrayBufferView(value)) return '[binary]';
  if (types.isMap(value)) return '[map]';
  if (types.isBoxedPrimitive(value)) return '[object]';
  return types.isSet(value) ? '[set]' : undefined;
}

/** The elements of an array if they are plain values, else their number. */
function listOf(list: readonly unknown[]): string[] | number[] | boolean[] | string {
  const first = ownElements(list, MOST_ELEMENTS);
  const type = typeof first[0];
  const isUniform = first.length > 0 && first.every((element) => typeof element === type);
  if (!isUniform || !['string', 'number', 'boolean'].includes(type)) return `[${list.length} elements]`;
  return first.map((element) => (type === 'string' ? cutText(element as string, MOST_CHARACTERS) : element)) as string[];
}
