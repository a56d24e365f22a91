// The instances of one hypervisor: a folder for each, with its disk and what is known of it. What is read back after a restart is what
// was written; a file is replaced as a whole.

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Instance {
  readonly id: string;
  readonly name: string;
  readonly diskSha256: string;
  /** Key derivation of an encrypted disk. The passphrase is not stored. */
  readonly luks?: { readonly salt: string; readonly rounds: number };
}

export class InstanceStore {
  constructor(private readonly folder: string) {}

  diskPath(id: string): string {
    return join(this.folderOf(id), 'disk');
  }

  async make(id: string): Promise<void> {
    await mkdir(this.folderOf(id), { recursive: true });
  }

  async save(instance: Instance): Promise<void> {
    const path = join(this.folderOf(instance.id), 'instance.json');
    const fresh = `${path}.${randomBytes(4).toString('hex')}`;
    await writeFile(fresh, JSON.stringify(instance));
    await rename(fresh, path);
  }

  async read(id: string): Promise<Instance> {
    return JSON.parse(await readFile(join(this.folderOf(id), 'instance.json'), 'utf8')) as Instance;
  }

  async remove(id: string): Promise<void> {
    await rm(this.folderOf(id), { recursive: true, force: true });
  }

  /** An id is part of a path: nothing but the ids that the API makes may become one. */
  private folderOf(id: string): string {
    if (!/^[0-9a-f-]{36}$/.test(id)) throw new Error(`${JSON.stringify(id)} is not the id of a server`);
    return join(this.folder, 'instances', id);
  }
}
