// pino: its `mixin` is called for every line, in the context of the call that logs.

import { traceFields } from './fields.js';

/** A mixin of pino: its parameters differ between versions and are passed on as they are. */
// biome-ignore lint/suspicious/noExplicitAny: pino's own types belong to pino
export type PinoMixin = (...args: any[]) => object;

/**
 * A mixin for pino that adds the trace fields, after those of a mixin of the user's own.
 * @example const logger = pino({ mixin: pinoMixin() });
 */
export function pinoMixin(own?: PinoMixin): PinoMixin {
  return own === undefined ? () => traceFields() : (...args) => ({ ...own(...args), ...traceFields() });
}
