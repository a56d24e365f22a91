// Firmware images. The controller of the sample makes them rather than downloading them: four megabytes that follow from the
// version, so that a BMC can check what it was sent.

import { createHash } from 'node:crypto';

const IMAGE_BYTES = 4 * 1024 * 1024;
const images = new Map<string, Buffer>();

export function firmwareImage(version: string): Buffer {
  const known = images.get(version);
  if (known) return known;
  const blocks: Buffer[] = [];
  for (let index = 0; index * 32 < IMAGE_BYTES; index += 1)
    blocks.push(createHash('sha256').update(`${version}/${index}`).digest());
  const image = Buffer.concat(blocks);
  images.set(version, image);
  return image;
}

export const FIRMWARE_VERSIONS = ['1.4.2', '1.5.0'] as const;
