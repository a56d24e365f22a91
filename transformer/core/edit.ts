// Edits of the transformer in one file, as plain data: offsets into the authored text and indexes into the list of
// sites. Printers turn edits into nodes or text; nothing here depends on a compiler.

import type { Fault } from '../diagnostics.js';
import type { Range, Site } from './site.js';

/** A member of a decorated class. */
export interface Member {
  /** Index into {@link Plan.sites}. */
  readonly site: number;
  /** Name as text, or the authored expression of a computed name. */
  readonly key: string | Range;
  readonly static: boolean;
  readonly kind: 'method' | 'getter' | 'setter';
}

/** A member that has a prologue, and the options that its decorator had. */
export interface Registered extends Member {
  readonly options: Range | null;
}

export type Edit =
  /** Replaces the expression of a decorator on a method, accessor or field. */
  | { readonly kind: 'decorate'; readonly at: Range; readonly site: number; readonly options: Range | null }
  /**
   * Replaces the expression of a legacy decorator on a field, and puts the field's `body` through what it makes: a legacy decorator
   * sees no value. `name` is the name that the function would lose as an argument.
   */
  | {
      readonly kind: 'decorate field';
      readonly at: Range;
      readonly site: number;
      readonly options: Range | null;
      readonly body: Range;
      readonly name: string | null;
    }
  /** Gives an anonymous function or class the name that the language gives it, where lowering loses it. */
  | { readonly kind: 'keep name'; readonly at: Range; readonly name: string }
  /** Replaces the expression of a decorator on a class. */
  | { readonly kind: 'decorate class'; readonly at: Range; readonly members: readonly Member[]; readonly options: Range | null }
  /**
   * Replaces a call `instrument(fn)` or `instrument(options, fn)`; in auto mode a function without a call round it, which then
   * has to be given the `name` that it gets from its place.
   */
  | {
      readonly kind: 'wrap';
      readonly at: Range;
      readonly site: number;
      readonly options: Range | null;
      readonly body: Range;
      readonly name: string | null;
      /** Computed key of the property that names the function, in place of `name`. */
      readonly key?: Range | undefined;
    }
  /** Auto mode: replaces a method of an object literal by a property, whose value is that method. */
  | { readonly kind: 'wrap method'; readonly at: Range; readonly site: number; readonly key: string }
  /** Auto mode: adds a static block as the first member of a class; `at` is empty and lies behind the opening brace. */
  | { readonly kind: 'add members'; readonly at: Range; readonly members: readonly Member[]; readonly owner: string | null }
  /** Removes a decorator: `register members` takes its place. */
  | { readonly kind: 'remove decorator'; readonly at: Range }
  /**
   * Adds a static block as the first member of a class, which puts functions with a prologue into the module's table; `at` as above.
   * `owner` is the name of the class where `this` in the block is lost: TypeScript lowers it to `void 0` in a class with
   * decorators below ES2022. `options` are those of the class as a whole.
   */
  | {
      readonly kind: 'register members';
      readonly at: Range;
      readonly members: readonly Registered[];
      readonly owner: string | null;
      readonly options: Range | null;
    }
  /** Auto mode: replaces the binding of a function declaration, or registers it, before any statement runs. `at` is empty: the start of the file. */
  | { readonly kind: 'rebind'; readonly at: Range; readonly site: number; readonly name: Range };

/** Everything about one file. */
export interface Plan {
  readonly sites: readonly Site[];
  /** Ordered by start. */
  readonly edits: readonly Edit[];
  readonly faults: readonly Fault[];
  /** A name that occurs nowhere in the file, for the namespace import of what compiled code calls. */
  readonly binding: string;
  readonly module: ModuleNames;
  /** Coverage tools are to leave out every check. */
  readonly covered: boolean;
}

/** Names that all functions of a file with a prologue share. Each name occurs nowhere else in the file. */
export interface ModuleNames {
  /** The variable that holds the module's recorder while a call may be recorded. */
  readonly recorder: string;
  /** The module's table, which is a function: the answer of the last recorded call. */
  readonly table: string;
  /** A function that makes the table if the module has not run yet. */
  readonly early: string;
  /** Variables of a function that is asynchronous or recorded inline: the call, its value, the error that it threw. */
  readonly call: string;
  readonly value: string;
  readonly error: string;
  /** Namespace of the file, which those of its sites start with. */
  readonly namespace: string;
  readonly separator: string;
  /** Span names are qualified. */
  readonly qualified: boolean;
  readonly path: string;
}

/** Number of the contract between compiled code and `spanwright/emitted`. */
export const CONTRACT = 5;

/** The module that compiled code imports. */
export const EMITTED_MODULE = 'spanwright/emitted';
