// Firmware images. The controller of the sample makes them rather than downloading them: four megabytes that follow from the
// version and do not compress, so that a BMC can check what it was sent and has work with it.

import { createCipheriv, createHash } from 'node:crypto';

const IMAGE_BYTES = 4 * 1024 * 1024;
const images = new Map<string, Buffer>();

export const FIRMWARE_VERSIONS = ['1.4.2', '1.5.0'] as const;

export function firmwareImage(version: string): Buffer {
  const known = images.get(version);
  if (known) return known;
  const key = createHash('sha256').update(version).digest();
  const image = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(IMAGE_BYTES));
  images.set(version, image);
  return image;
}
