// The conductor of a cluster, with the scheduler in it: it finds a host for a server, and has the agent there build it.

import { instrument } from 'spanwright';
import type { Encryption } from '../compute-api/server-request.js';
import type { SignedImage } from '../image/images.js';
import { log } from '../log.js';
import { names } from '../messaging/broker-connection.js';
import { isExpected } from '../messaging/remote-error.js';
import type { RpcClient } from '../messaging/rpc-client.js';
import type { Handler, Handlers } from '../messaging/rpc-server.js';
import type { HostReport, PlacedServer, Placement } from './placement.js';

export interface BuildRequest {
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  readonly image: SignedImage;
  readonly encryption?: Encryption;
}

export interface ServerReport extends PlacedServer {
  readonly status: string;
  readonly diskSha256: string;
}

export class Conductor {
  constructor(
    private readonly placement: Placement,
    private readonly rpc: RpcClient,
  ) {}

  get handlers(): Handlers {
    return new Map<string, Handler>([
      ['report_host', (report: HostReport) => this.placement.report(report)],
      ['build_server', (request: BuildRequest) => this.buildServer(request)],
      ['show_server', (server: { id: string }) => this.showServer(server.id)],
      ['delete_server', (server: { id: string }) => this.deleteServer(server.id)],
    ]);
  }

  @instrument({ attributes: ({ id }: BuildRequest) => ({ 'server.id': id }), expectedErrors: isExpected })
  async buildServer(request: BuildRequest): Promise<ServerReport> {
    const { id, name, vcpus } = request;
    const placed = this.placement.claim(id, name, vcpus);
    try {
      const built = await this.rpc.call<ServerReport>(names.compute(placed.host), 'build_instance', request);
      log('info', 'server built', { server: id, host: placed.host });
      return { ...placed, ...built };
    } catch (error) {
      this.placement.release(id);
      throw error;
    }
  }

  @instrument({ args: { id: 'server.id' }, expectedErrors: isExpected })
  async showServer(id: string): Promise<ServerReport> {
    const placed = this.placement.find(id);
    return { ...placed, ...(await this.rpc.call<ServerReport>(names.compute(placed.host), 'inspect_instance', { id })) };
  }

  @instrument({ args: { id: 'server.id' }, expectedErrors: isExpected })
  async deleteServer(id: string): Promise<PlacedServer> {
    const placed = this.placement.find(id);
    await this.rpc.call(names.compute(placed.host), 'destroy_instance', { id });
    this.placement.release(id);
    log('info', 'server deleted', { server: id, host: placed.host });
    return placed;
  }
}
