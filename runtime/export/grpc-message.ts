// The frame round a gRPC message: one byte that says whether it is compressed, four of its length (gRPC specification,
// "Length-Prefixed-Message"). Used by otlp-grpc.ts, whose calls have one message each way.

import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

const PREFIX_BYTES = 5;
/** An answer that unpacks to more is not read. */
const MOST_UNPACKED = 1024 * 1024;

export async function frame(body: Uint8Array, compressed: boolean): Promise<Buffer> {
  const bytes = compressed ? await promisify(gzip)(body) : body;
  const message = Buffer.allocUnsafe(PREFIX_BYTES + bytes.byteLength);
  message.writeUInt8(compressed ? 1 : 0, 0);
  message.writeUInt32BE(bytes.byteLength, 1);
  message.set(bytes, PREFIX_BYTES);
  return message;
}

/** The first message, empty when there is none or it cannot be read: the status has said already that the call succeeded. */
export async function unframe(framed: Buffer, encoding: unknown): Promise<Buffer> {
  if (framed.length < PREFIX_BYTES) return Buffer.alloc(0);
  const body = framed.subarray(PREFIX_BYTES, PREFIX_BYTES + framed.readUInt32BE(1));
  if (framed.readUInt8(0) === 0) return body;
  if (encoding !== 'gzip') return Buffer.alloc(0);
  return promisify(gunzip)(body, { maxOutputLength: MOST_UNPACKED }).catch(() => Buffer.alloc(0));
}
