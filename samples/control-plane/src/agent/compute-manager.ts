// Methods of a hypervisor's agent: builds an instance from an image, verifies its disk, deletes it. Real files, real digests.

import { instrument } from 'spanwright';
import type { BuildRequest } from '../conductor/conductor.js';
import { log } from '../log.js';
import type { Handler, Handlers } from '../messaging/rpc-server.js';
import type { PortChange } from '../network/ports.js';
import type { DiskMaker } from './disk.js';
import type { FlowTable } from './flow-table.js';
import type { ImageCache } from './image-cache.js';
import type { InstanceStore } from './instance-store.js';

interface InstanceReport {
  readonly status: 'ACTIVE' | 'ERROR';
  readonly diskSha256: string;
}

export class ComputeManager {
  constructor(
    private readonly images: ImageCache,
    private readonly disks: DiskMaker,
    private readonly instances: InstanceStore,
    private readonly flows: FlowTable,
  ) {}

  get handlers(): Handlers {
    return new Map<string, Handler>([
      ['build_instance', (request: BuildRequest) => this.buildInstance(request)],
      ['inspect_instance', (server: { id: string }) => this.inspectInstance(server.id)],
      ['destroy_instance', (server: { id: string }) => this.destroyInstance(server.id)],
      ['port_update', (change: PortChange) => this.flows.update(change)],
      ['port_delete', (change: PortChange) => this.flows.remove(change)],
    ]);
  }

  @instrument({ attributes: ({ id }: BuildRequest) => ({ 'server.id': id }) })
  async buildInstance({ id, name, image, encryption }: BuildRequest): Promise<InstanceReport> {
    await this.instances.make(id);
    try {
      const base = await this.images.fetch(image, id);
      const disk = await this.disks.create(base, this.instances.diskPath(id), encryption);
      await this.instances.save({ id, name, ...disk });
      log('info', 'instance built', { server: id, image: image.name });
      return { status: 'ACTIVE', diskSha256: disk.diskSha256 };
    } catch (error) {
      await this.instances.remove(id);
      this.images.release(id);
      throw error;
    }
  }

  @instrument({ args: { id: 'server.id' }, result: ({ status }: InstanceReport) => ({ 'server.status': status }) })
  async inspectInstance(id: string): Promise<InstanceReport> {
    const { diskSha256 } = await this.instances.read(id);
    const found = await this.disks.digest(this.instances.diskPath(id));
    return { status: found === diskSha256 ? 'ACTIVE' : 'ERROR', diskSha256: found };
  }

  @instrument({ args: { id: 'server.id' } })
  async destroyInstance(id: string): Promise<void> {
    await this.instances.remove(id);
    this.images.release(id);
  }
}
