// How long a gRPC server asks its client to wait: `google.rpc.RetryInfo` inside the `grpc-status-details-bin` trailer. Three nested
// messages are all that is needed of protobuf, so they are read without a schema.

import { walk } from './protobuf-fields.js';

/** Milliseconds; undefined when the server names no delay, or one that cannot be read. */
export function retryInfoOf(trailer: Uint8Array): number | undefined {
  try {
    for (const detail of fields(trailer, 3)) {
      const [type] = fields(detail, 1);
      if (
        !Buffer.from(type ?? [])
          .toString()
          .endsWith('/google.rpc.RetryInfo')
      )
        continue;
      const [info] = fields(detail, 2);
      const [duration] = fields(info ?? new Uint8Array(), 1);
      const [seconds = 0] = numbers(duration ?? new Uint8Array(), 1);
      const [nanos = 0] = numbers(duration ?? new Uint8Array(), 2);
      return seconds * 1000 + nanos / 1e6;
    }
  } catch {
    // Bytes that are not valid protobuf mean no delay.
  }
  return undefined;
}

function fields(message: Uint8Array, wanted: number): Uint8Array[] {
  return [...walk(message)].flatMap(([number, value]) => (number === wanted && typeof value !== 'number' ? [value] : []));
}

function numbers(message: Uint8Array, wanted: number): number[] {
  return [...walk(message)].flatMap(([number, value]) => (number === wanted && typeof value === 'number' ? [value] : []));
}
