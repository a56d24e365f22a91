// Disks of instances: a copy of the image, encrypted where that is asked for. As cryptsetup does for LUKS, the key is derived with as
// many rounds of PBKDF2 as this host manages in the time asked for: that is what makes an encrypted boot slow.

import { createCipheriv, createHash, pbkdf2, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { instrument } from 'spanwright';
import type { Encryption } from '../compute-api/server-request.js';

const derive = promisify(pbkdf2);
const ROUNDS_A_STEP = 20_000;

interface Key {
  readonly key: Buffer;
  readonly salt: Buffer;
  readonly rounds: number;
}

export interface Disk {
  readonly diskSha256: string;
  readonly luks?: { readonly salt: string; readonly rounds: number };
}

export class DiskMaker {
  @instrument({
    name: 'disk.create',
    attributes: (_base, _path, encryption?: Encryption) => ({ 'disk.encrypted': encryption !== undefined }),
  })
  async create(base: string, path: string, encryption: Encryption | undefined): Promise<Disk> {
    if (encryption === undefined) return { diskSha256: await this.write(base, path, undefined) };
    const key = await this.deriveKey(encryption.passphrase, encryption.iterTimeMs);
    const diskSha256 = await this.write(base, path, key);
    return { diskSha256, luks: { salt: key.salt.toString('hex'), rounds: key.rounds } };
  }

  /** The passphrase is an argument and in no span: nothing of the arguments is recorded unless it is named. */
  @instrument({
    name: 'disk.deriveKey',
    args: { iterTimeMs: 'luks.iter_time_ms' },
    result: ({ rounds }: Key) => ({ 'luks.rounds': rounds }),
  })
  async deriveKey(passphrase: string, iterTimeMs: number): Promise<Key> {
    const salt = randomBytes(32);
    const end = performance.now() + iterTimeMs;
    let key = Buffer.from(passphrase);
    let rounds = 0;
    do {
      key = await derive(key, salt, ROUNDS_A_STEP, 32, 'sha256');
      rounds += ROUNDS_A_STEP;
    } while (performance.now() < end);
    return { key, salt, rounds };
  }

  /** Reads the whole disk; answers with its SHA-256. */
  @instrument({ name: 'disk.verify' })
  async digest(path: string): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk);
    return hash.digest('hex');
  }

  private async write(base: string, path: string, key: Key | undefined): Promise<string> {
    const cipher = key === undefined ? new PassThrough() : createCipheriv('aes-256-ctr', key.key, key.salt.subarray(0, 16));
    const hash = createHash('sha256');
    await pipeline(
      createReadStream(base),
      cipher,
      async function* hashed(chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(path),
    );
    return hash.digest('hex');
  }
}
