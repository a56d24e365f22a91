// Why the admin hook answers with an error: one row a kind, with its HTTP status and the gRPC code name that goes into the
// body. Faults that the tracing itself reports are SpanwrightErrors (runtime/errors.ts) and carry the same two.

const KINDS = {
  invalid: { status: 400, code: 'InvalidArgument' },
  unauthenticated: { status: 401, code: 'Unauthenticated' },
  denied: { status: 403, code: 'PermissionDenied' },
  unknown: { status: 404, code: 'NotFound' },
  method: { status: 405, code: 'Unimplemented' },
  stale: { status: 409, code: 'Aborted' },
  tooLarge: { status: 413, code: 'ResourceExhausted' },
  mediaType: { status: 415, code: 'InvalidArgument' },
  wrongHost: { status: 421, code: 'PermissionDenied' },
  tooMany: { status: 429, code: 'ResourceExhausted' },
  consumed: { status: 500, code: 'FailedPrecondition' },
} as const;

type RefusalKind = keyof typeof KINDS;

/** An answer that is an error, on its way to the caller. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: string;
  constructor(
    readonly kind: RefusalKind,
    message: string,
    readonly more: { readonly field?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.status = KINDS[kind].status;
    this.code = KINDS[kind].code;
  }
}
