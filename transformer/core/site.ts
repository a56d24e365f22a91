// Description of one instrumented function, as plain data: the record that is written as a literal, and the
// outline of the forwarder. Read by the printers and the manifest; holds no compiler objects.

import type { SiteRecord } from '../../runtime/site/site.js';
import type { Scope } from './naming.js';

/** Offsets into the authored source text, end exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** One parameter that a forwarder declares. */
export interface ForwarderParameter {
  readonly name: string;
  /** Has a default in the forwarder, so that it and those after it do not count in `length`. */
  readonly optional: boolean;
  readonly rest?: true;
}

/** The outline of a forwarder. */
export interface Forwarder {
  /** Property key of the method that the forwarder is written as, and so its `name` while no one changes it. */
  readonly key: string;
  readonly parameters: readonly ForwarderParameter[];
  /** `names`: passes its parameters on one by one. `arguments`: passes all arguments unchanged. */
  readonly pass: 'names' | 'arguments';
  /**
   * `arrow`: an arrow function, with the names of its parameters: containers read them from the text.
   * `method`: cannot be called with `new`, like methods and arrow functions. `function`: can, like a plain function.
   * `constructor`: can, and the body reads `new.target`, so that it has to be passed on.
   */
  readonly form: 'arrow' | 'method' | 'function' | 'constructor';
}

/** The outline of a prologue: the check at the head of a function's own body. */
export interface Prologue {
  /** The body: a block, or the expression of an arrow function. */
  readonly at: Range;
  /** Offset of the first statement of a block: behind the brace and the directives. Null for an expression. */
  readonly inside: number | null;
  /** The expressions that pass them on. */
  readonly parameters: readonly string[];
  /** They are passed as one list. */
  readonly listed: boolean;
  /** False for functions that have or need no `this` of their own to pass. */
  readonly self: boolean;
  readonly async: boolean;
  /** How the function refers to itself, where it is not registered: its name, or that of its private member. */
  readonly own?: string | undefined;
  /** A closure without such a name: a variable of its own holds it. */
  readonly itself?: true | undefined;
}

/**
 * The outline of a function whose body is in a `try` statement between the start and the end of a span. It is entered once,
 * so that it need not be found again: closures, constructors, parameters of any kind.
 */
export interface Inline {
  /** As in {@link Prologue}; behind `super(...)` in a constructor that initializes properties there. */
  readonly at: Range;
  readonly inside: number | null;
  /** Expressions of `return` statements, or that of an arrow function, whose value may be a promise. */
  readonly returns: readonly Returned[];
}

export interface Returned extends Range {
  /** Several expressions with commas between them. */
  readonly list: boolean;
}

/** Place of the site, for the module's table. */
interface Place {
  readonly segments: readonly string[];
  readonly scopes: readonly Scope[];
  /** Offset of the function. */
  readonly start: number;
  readonly end: number;
}

/** How the class of a member finds the function: by its key, on the prototype or on the class itself. */
interface Found {
  readonly kind: 'method' | 'getter' | 'setter';
  readonly static: boolean;
}

/** One instrumented function. It has a prologue or is recorded inline, or else has a forwarder in front of it. */
export interface Site {
  readonly record: SiteRecord;
  readonly forwarder: Forwarder;
  readonly prologue?: Prologue | undefined;
  readonly inline?: Inline | undefined;
  readonly place: Place;
  /** False: found by auto mode. */
  readonly marked: boolean;
  /** It has a forwarder that a call may create before the module has run, in an import cycle. */
  readonly early?: boolean;
  /** It has no span of its own: `instrument.attributes`. */
  readonly adds?: boolean | undefined;
  /** `callback`: named after the function that it is passed to. `constructor`: a call is `new`. */
  readonly role?: 'callback' | 'constructor' | undefined;
  /** Set where one call registers all such members of a class. */
  found?: Found | undefined;
  /** Row in the module's table. Known when the file has been walked. */
  row: number;
}
