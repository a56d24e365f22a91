// winston: transform() of a format runs in the context of the call that logs. A format is an object with transform(), so that winston is
// not imported.

import { traceFields } from './fields.js';
import { formatLogfmt } from './logfmt.js';

/** A record of winston. */
export interface WinstonInfo {
  level: string;
  message: unknown;
  [key: string | symbol]: unknown;
}
/** A format for `winston.format.combine()`. */
export interface WinstonFormat {
  transform<Info extends WinstonInfo>(info: Info): Info;
}

/**
 * A format that adds the trace fields; before the one that prints.
 * @example createLogger({ format: format.combine(winstonFormat(), format.json()), transports });
 */
export function winstonFormat(): WinstonFormat {
  return { transform: (info) => Object.assign(info, traceFields()) };
}

/** Key under which winston's transports read the finished line. */
const MESSAGE = Symbol.for('message');

/**
 * A format that prints logfmt, level and message first. Trace fields come from `winstonFormat()` before it.
 * @example createLogger({ format: format.combine(winstonFormat(), winstonLogfmt()), transports });
 */
export function winstonLogfmt(): WinstonFormat {
  return {
    transform(info) {
      const { level, message, ...rest } = info;
      return Object.assign(info, { [MESSAGE]: formatLogfmt({ level, msg: message, ...rest }) });
    },
  };
}
