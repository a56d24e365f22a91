// The errors that Spanwright throws at its user, one row each. Nothing here is ever thrown into an instrumented call.
// `status` is the HTTP status and `grpc` the gRPC code name under which the admin hook reports the row.

const ERRORS = {
  PERMISSION_DENIED: { status: 403, grpc: 'PermissionDenied' },
  INVALID_ARGUMENT: { status: 400, grpc: 'InvalidArgument' },
  INVALID_CONFIGURATION: { status: 500, grpc: 'FailedPrecondition' },
  MISSING_PACKAGE: { status: 500, grpc: 'FailedPrecondition' },
  ALREADY_STARTED: { status: 409, grpc: 'AlreadyExists' },
  EMITTED_CONTRACT: { status: 500, grpc: 'FailedPrecondition' },
  MISUSE: { status: 500, grpc: 'InvalidArgument' },
  OPEN_SPANS: { status: 500, grpc: 'FailedPrecondition' },
} as const;

/** Code of an error that Spanwright throws, its property `code`. */
export type ErrorCode = keyof typeof ERRORS;

/** Base of all errors that Spanwright throws; `code` is one of a closed list. */
export class SpanwrightError extends Error {
  readonly status: number;
  readonly grpc: string;
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'SpanwrightError';
    this.status = ERRORS[code].status;
    this.grpc = ERRORS[code].grpc;
  }
}

/** A change while the service runs, although `allow_runtime_changes` is false. */
export class PermissionDeniedError extends SpanwrightError {
  constructor(message: string) {
    super('PERMISSION_DENIED', message);
    this.name = 'PermissionDeniedError';
  }
}

/** A value out of range or of the wrong type; `field` names it. */
export class InvalidArgumentError extends SpanwrightError {
  constructor(
    readonly field: string,
    message: string,
  ) {
    super('INVALID_ARGUMENT', message);
    this.name = 'InvalidArgumentError';
  }
}

/** A bad key or value in the TOML file, the environment or the options; all faults found are listed. */
export class ConfigurationError extends SpanwrightError {
  constructor(
    message: string,
    readonly faults: readonly string[] = [message],
  ) {
    super('INVALID_CONFIGURATION', message);
    this.name = 'ConfigurationError';
  }
}

const ordinary = Function.prototype[Symbol.hasInstance];

/** Lets `instanceof` know the errors of every copy of the package; a class that extends one of these knows its own. */
for (const [name, type] of Object.entries({ SpanwrightError, PermissionDeniedError, InvalidArgumentError, ConfigurationError })) {
  const brand = Symbol.for(`spanwright.${name}.1`);
  Object.defineProperty(type.prototype, brand, { value: true });
  Object.defineProperty(type, Symbol.hasInstance, {
    value: function hasInstance(this: unknown, candidate: unknown): boolean {
      if (this !== type) return ordinary.call(this as typeof type, candidate);
      const isObject = (typeof candidate === 'object' && candidate !== null) || typeof candidate === 'function';
      return isObject && (candidate as Record<symbol, unknown>)[brand] === true;
    },
  });
}
