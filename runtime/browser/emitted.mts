// `spanwright/emitted` where nothing can be recorded: code that the transformer has compiled runs in a browser as it was written.

type Fn = (...given: unknown[]) => unknown;

const nothing = (): void => undefined;
/** A decorator, legacy or standard, of a member or of a class. */
const leave: Fn = (target, key) => (key === undefined ? target : undefined);
const decorator = (): Fn => leave;

export const contract = 2;
export const decorate = decorator;
export const decorateClass = decorator;
export const inside = decorator;
export const wrap = (...given: unknown[]): unknown => given.at(-1);
export const own = wrap;
/** Never gives the module a recorder, so that no prologue runs. */
export const module = (): object => ({});
export const fileLoaded = nothing;
export const put = nothing;
export const putAll = nothing;
export const putGetter = nothing;
export const putSetter = nothing;
export const describe = nothing;
