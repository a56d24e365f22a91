// Images as the pipeline handles them: one byte of brightness a pixel, PNG on the wire and in the database.

import { PNG } from 'pngjs';

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Row by row, 0 is black. */
  readonly pixels: Uint8Array;
}

/** A camera's frame is 240 by 180; nothing here takes images that are much larger. */
const MOST_PIXELS = 2048 * 1536;

/** `effort` is that of the compression, 1 to 9: cameras have little time, people wait for fewer bytes. */
export function encode({ width, height, pixels }: Frame, effort = 1): Buffer {
  const png = new PNG({ width, height, colorType: 0, inputColorType: 0, inputHasAlpha: false, bitDepth: 8 });
  png.data = Buffer.from(pixels);
  return PNG.sync.write(png, { colorType: 0, inputColorType: 0, inputHasAlpha: false, deflateLevel: effort });
}

/** @throws Error for data that is not a PNG, is truncated, or is too large. */
export function decode(bytes: Buffer): Frame {
  const size = isPng(bytes) && bytes.length > 24 ? bytes.readUInt32BE(16) * bytes.readUInt32BE(20) : 0;
  if (size === 0) throw new Error(`${bytes.length} bytes that are no PNG`);
  if (size > MOST_PIXELS) throw new Error(`an image of ${size} pixels; at most ${MOST_PIXELS} are looked at`);
  const { width, height, data } = read(bytes);
  const pixels = new Uint8Array(width * height);
  for (let index = 0; index < pixels.length; index++) pixels[index] = data[index * 4] as number;
  return { width, height, pixels };
}

function read(bytes: Buffer): PNG {
  try {
    return PNG.sync.read(bytes);
  } catch (error) {
    throw new Error(`the PNG of ${bytes.length} bytes is cut off or damaged`, { cause: error });
  }
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

export function isPng(bytes: Buffer): boolean {
  return bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE);
}
