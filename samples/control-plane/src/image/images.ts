// The image service of a cluster: image files on disk, a record of their SHA-256, and addresses that let an agent fetch one without a
// token, signed for a short time, as OpenStack's temporary URLs are. The signature is in the query: its holder may read the image.

import { createCipheriv, createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createReadStream, mkdirSync, type ReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BadRequest } from '../http/api.js';

export interface SignedImage {
  readonly name: string;
  readonly sha256: string;
  readonly url: string;
}

const MIB = 1024 * 1024;
const VALID_MS = 60_000;
/** `damaged` differs from its record in one bit, as a disk that fails makes them. */
const IMAGES = [
  { name: 'cirros', bytes: 2 * MIB, damaged: false },
  { name: 'ubuntu', bytes: 8 * MIB, damaged: false },
  { name: 'damaged', bytes: MIB, damaged: true },
] as const;

export class ImageService {
  private readonly records = new Map<string, { sha256: string; path: string }>();
  /** Address of the service; known once it listens. */
  address = '';

  constructor(
    folder: string,
    private readonly signingKey: string,
  ) {
    mkdirSync(folder, { recursive: true });
    for (const { name, bytes, damaged } of IMAGES) {
      const content = contentOf(name, bytes);
      const path = join(folder, `${name}.img`);
      this.records.set(name, { sha256: createHash('sha256').update(content).digest('hex'), path });
      if (damaged) content[bytes / 2] = (content[bytes / 2] ?? 0) ^ 1;
      writeFileSync(path, content);
    }
  }

  sign(name: string): SignedImage {
    const record = this.records.get(name);
    if (record === undefined)
      throw new BadRequest(`There is no image ${name}; there are ${[...this.records.keys()].join(', ')}.`, 404);
    const path = `/v2/images/${name}/file`;
    const expires = String(Date.now() + VALID_MS);
    const query = new URLSearchParams({ temp_url_sig: this.signature(path, expires), temp_url_expires: expires });
    return { name, sha256: record.sha256, url: `${this.address}${path}?${query}` };
  }

  /** @throws BadRequest when the signature belongs to another path or has expired. */
  open(name: string, path: string, query: URLSearchParams): ReadStream {
    const expires = query.get('temp_url_expires') ?? '';
    const given = Buffer.from(query.get('temp_url_sig') ?? '');
    const right = Buffer.from(this.signature(path, expires));
    if (given.length !== right.length || !timingSafeEqual(given, right)) throw new BadRequest('The signature is invalid.', 401);
    if (!(Number(expires) > Date.now())) throw new BadRequest('The address is no longer valid.', 401);
    const record = this.records.get(name);
    if (record === undefined) throw new BadRequest(`There is no image ${name}.`, 404);
    return createReadStream(record.path);
  }

  private signature(path: string, expires: string): string {
    return createHmac('sha256', this.signingKey).update(`GET\n${expires}\n${path}`).digest('hex');
  }
}

/** The same bytes for a name in every cluster, and not compressible, as an image is. */
function contentOf(name: string, bytes: number): Buffer {
  const key = createHash('sha256').update(name).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
}
