// Calls of the APIs and their answers, in the terms that all five share.

export const FORWARDED_HEADER = 'X-Forwarded-Cluster';

export interface ApiReply {
  readonly status: number;
  /** JSON, or a stream that is sent as it is. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One call of an API, by a user or by another API on behalf of a user. */
export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Empty on a route that is open. */
  readonly user: string;
  readonly token: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  /** The cluster that forwarded the call. */
  readonly forwardedFrom: string | undefined;
}

/** The caller has to correct the call. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
  constructor(
    message: string,
    readonly status: number = 400,
  ) {
    super(message);
  }
}

/** @throws BadRequest when a field of the body is not a name. */
export function plainText(name: string, value: unknown): string {
  if (typeof value !== 'string' || !/^(?!\.{1,2}$)[\w.-]{1,64}$/.test(value))
    throw new BadRequest(`${name} must be 1 to 64 letters, digits or any of . _ -; found ${JSON.stringify(value)}.`);
  return value;
}

/** @throws BadRequest when the body is not a JSON object. */
export function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body !== 'object' || body === null) throw new BadRequest('The body must be a JSON object.');
  return body as Record<string, unknown>;
}
