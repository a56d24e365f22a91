// Marks of a site, given at its decorator: the level of detail of its spans, and whether its calls may start a trace.

/** From the most detailed to the least. */
export const LEVELS = ['trace', 'debug', 'info'] as const;

/** How detailed the spans of a function are. `info` is recorded unless a rule excludes it; the others where a rule names a level. */
export type Level = (typeof LEVELS)[number];

/** Index of the level that is recorded by default. */
export const INFO = LEVELS.indexOf('info');

/**
 * `may`: a call without a parent starts a trace where `roots` match it. `never`: it does not. `always`: it does, wherever any may. A lease
 * with `only` names its roots itself.
 */
export const ROOT_MARKS = ['may', 'never', 'always'] as const;

export type RootMark = (typeof ROOT_MARKS)[number];
