// A small file, read whole and synchronously: configuration, tokens, certificates. Only a regular file is certain to end, so that a named
// pipe, a device or a socket is refused before a byte is read; a file that grows while it is read stops at the limit.

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

interface BoundedFile {
  readonly bytes: Buffer;
  /** Permission bits, as in `0o600`. Windows has none: always undefined there. */
  readonly mode: number | undefined;
}

/** Why a file is not read although it exists. Faults of the file system keep their own error with a `code`. */
export class UnfitFile extends Error {}

/**
 * @param most bytes that the file may have
 * @throws UnfitFile for what is not a regular file, and for one of more than `most` bytes
 */
export function readBoundedFile(path: string, most: number): BoundedFile {
  // Without O_NONBLOCK the opening of a named pipe waits for its writer. Windows has neither the flag nor such pipes.
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const status = fstatSync(file);
    if (status.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
    if (!status.isFile()) throw new UnfitFile('it is not a regular file');
    if (status.size > most) throw new UnfitFile(`it has ${status.size} bytes; at most ${most} are read`);
    const mode = process.platform === 'win32' ? undefined : status.mode & 0o777;
    return { bytes: readUpTo(file, most, status.size), mode };
  } finally {
    closeSync(file);
  }
}

const PAGE = 64 * 1024;

/** Files below /proc have no size, so they are read until no more data comes. */
function readUpTo(file: number, most: number, size: number): Buffer {
  let buffer = Buffer.alloc(Math.min(most, size || PAGE) + 1);
  let length = 0;
  while (length <= most) {
    if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(2 * length, most + 1));
    const read = readSync(file, buffer, length, buffer.length - length, null);
    if (read === 0) return buffer.subarray(0, length);
    length += read;
  }
  throw new UnfitFile(`it has more than ${most} bytes`);
}
