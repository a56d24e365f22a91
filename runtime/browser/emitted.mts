// `spanwright/emitted` where nothing can be recorded: code that the transformer has compiled runs in a browser as it was written.

type Fn = (...given: unknown[]) => unknown;

const nothing = (): void => undefined;
/** A decorator, legacy or standard, of a member or of a class. */
const leave: Fn = (target, key) => (key === undefined ? target : undefined);
const decorator = (): Fn => leave;
const last = (...given: unknown[]): unknown => given.at(-1);

export const contract = 5;
export const decorate = decorator;
export const decorateClass = decorator;
export const wrap = last;
export const fileLoaded = nothing;
/** Never gives the module a recorder, so that no function calls one. */
export const module = (): object =>
  Object.assign(nothing.bind(undefined), {
    x(error: unknown) {
      throw error;
    },
    of: nothing,
    put: nothing,
    putAll: nothing,
    putGetter: nothing,
    putSetter: nothing,
    describe: nothing,
    inside: decorator,
    own: last,
    decorate: decorator,
    wrap: last,
    decorateClass: decorator,
  });
