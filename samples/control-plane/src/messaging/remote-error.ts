// Errors that cross RabbitMQ: the server's error as name and message in the reply, and on the caller's side an error of the same name.

/** Error that a reply holds instead of a result. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

/** A failure of the other side. Its name is that of the error there. */
export class RemoteError extends Error {
  constructor({ name, message }: Failure) {
    super(message);
    this.name = name;
  }
}

export function failureOf(error: unknown): Failure {
  return error instanceof Error ? { name: error.name, message: error.message } : { name: 'Error', message: String(error) };
}

/** No host of the cluster can take the instance. */
export class NoValidHost extends Error {
  override readonly name = 'NoValidHost';
}

/** The cluster has no such server. */
export class ServerNotFound extends Error {
  override readonly name = 'ServerNotFound';
}

/**
 * Answers that the caller handles, not failures: another cluster may have free capacity, or may have the server. Here they stand for
 * oslo.messaging's expected exceptions. Recognized by name, because a remote one has only the name.
 */
const EXPECTED: ReadonlySet<string> = new Set(['NoValidHost', 'ServerNotFound']);

export const isExpected = (error: unknown): boolean => error instanceof Error && EXPECTED.has(error.name);
