// The volumes of a cluster: one file a server. Agents do not attach them, because the sample needs only the API of a volume and its trace.

import { mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { instrument } from 'spanwright';
import { BadRequest } from '../http/api.js';

interface Volume {
  readonly server: string;
  readonly gb: number;
}

const MOST_GB = 64;
const BYTES_PER_GB = 1024 ** 3;

export class Volumes {
  constructor(private readonly folder: string) {}

  /** @throws BadRequest when no volume of this size is offered. */
  @instrument({ args: { server: 'server.id', gb: 'volume.gb' }, expectedErrors: [BadRequest] })
  async create(server: string, gb: number): Promise<Volume> {
    if (!Number.isInteger(gb) || gb < 1 || gb > MOST_GB) throw new BadRequest(`A volume has 1 to ${MOST_GB} GB, not ${gb}.`);
    await mkdir(this.folder, { recursive: true });
    const file = await open(this.pathOf(server), 'w');
    await file.truncate(gb * BYTES_PER_GB);
    await file.close();
    return { server, gb };
  }

  /** A server without a volume is no failure: most have none. */
  @instrument({ args: { server: 'server.id' }, result: ({ gb }: { gb: number }) => ({ 'volume.gb': gb }) })
  async delete(server: string): Promise<{ gb: number }> {
    const size = await stat(this.pathOf(server)).then(
      (file) => file.size,
      () => 0,
    );
    await rm(this.pathOf(server), { force: true });
    return { gb: size / BYTES_PER_GB };
  }

  /** An id becomes part of a path, so only ids that the compute API creates are accepted. */
  private pathOf(server: string): string {
    if (!/^[0-9a-f-]{36}$/.test(server)) throw new BadRequest(`${JSON.stringify(server)} is not the id of a server.`);
    return join(this.folder, server);
  }
}
