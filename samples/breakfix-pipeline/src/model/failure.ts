// Failures under the names that operators search for. A failure is recorded on the span in which it is found: `error.type` and
// `error.message`, and the same under the module's own prefix, as the runbooks have it.

import { type Attributes, trace } from '@opentelemetry/api';
import type { ConsoleLogger } from 'spanwright/logs';

export class Failure extends Error {
  constructor(
    readonly module: string,
    /** snake_case: `reboot_timeout`. Spanwright records the name of an error as `error.type`. */
    type: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = type;
  }

  get attributes(): Attributes {
    return {
      'error.message': this.message,
      [`${this.module}.error.type`]: this.name,
      [`${this.module}.error.message`]: this.message,
    };
  }
}

/** The failure to throw in place of `cause`, recorded on the active span, and logged with the span's ids. */
export function failed(log: ConsoleLogger, module: string, type: string, cause: unknown): Failure {
  const failure = new Failure(module, type, cause instanceof Error ? cause.message : String(cause), { cause });
  trace.getActiveSpan()?.setAttributes(failure.attributes);
  log.error({ error_type: type, error: failure.message }, 'failed');
  return failure;
}
