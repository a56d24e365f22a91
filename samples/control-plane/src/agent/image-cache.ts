// Images that the host has: fetched once over HTTP from the image service, at an address that is signed for a short time, and taken only
// when their SHA-256 is the one that the image service has on record. An image that no instance uses any more is taken away.

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync, rmSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { trace } from '@opentelemetry/api';
import { instrument } from 'spanwright';
import type { SignedImage } from '../image/images.js';

export class ImageCorrupt extends Error {
  override readonly name = 'ImageCorrupt';
}

export class ImageCache {
  /** SHA-256 of the image of each instance. Empty after a restart, in which case an image may be fetched again. */
  private readonly uses = new Map<string, string>();

  constructor(private readonly folder: string) {}

  /** The path of the image on this host, where it stays until `release(instance)`. */
  @instrument({
    name: 'image.fetch',
    attributes: (image: SignedImage) => ({ 'image.name': image.name, 'image.sha256': image.sha256 }),
  })
  async fetch(image: SignedImage, instance: string): Promise<string> {
    if (!/^[0-9a-f]{64}$/.test(image.sha256)) throw new Error(`${JSON.stringify(image.sha256)} is not a SHA-256`);
    const path = this.pathOf(image.sha256);
    this.uses.set(instance, image.sha256);
    const cached = existsSync(path);
    trace.getActiveSpan()?.setAttribute('image.cached', cached);
    if (cached) return path;
    await mkdir(join(this.folder, '_base'), { recursive: true });
    const part = `${path}.${randomBytes(4).toString('hex')}`;
    try {
      const found = await download(image.url, part);
      if (found !== image.sha256)
        throw new ImageCorrupt(`image ${image.name}: its content has SHA-256 ${found}, and ${image.sha256} is on record`);
      await rename(part, path);
      return path;
    } finally {
      await rm(part, { force: true });
    }
  }

  /** Synchronous, so that no instance can begin to use the image in between. */
  @instrument({ name: 'image.release' })
  release(instance: string): void {
    const sha256 = this.uses.get(instance);
    this.uses.delete(instance);
    if (sha256 !== undefined && ![...this.uses.values()].includes(sha256)) rmSync(this.pathOf(sha256), { force: true });
  }

  private pathOf(sha256: string): string {
    return join(this.folder, '_base', sha256);
  }
}

/** Writes what is at the address to a file; answers with its SHA-256. */
async function download(url: string, path: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok || response.body === null) {
    const { host, pathname } = new URL(url); // without the signature
    throw new Error(`the image service answered ${host}${pathname} with ${response.status}`);
  }
  const hash = createHash('sha256');
  const file = createWriteStream(path);
  for await (const chunk of response.body) {
    hash.update(chunk);
    if (!file.write(chunk)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
  return hash.digest('hex');
}
