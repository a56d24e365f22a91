// Requests about servers: asks the conductor of its own cluster first. If that has no room, or knows no such server, the
// request goes to the neighbour, once, and the agents here are notified of the result.

import { randomUUID } from 'node:crypto';
import { trace } from '@opentelemetry/api';
import { instrument } from 'spanwright';
import type { BuildRequest, PortChange, ServerReport } from '../conductor/conductor.js';
import { log } from '../log.js';
import { names } from '../messaging/broker-connection.js';
import { isExpected } from '../messaging/remote-error.js';
import type { RpcClient } from '../messaging/rpc-client.js';
import type { ImageService } from './images.js';
import type { ApiCall, ApiReply, Neighbour } from './neighbour.js';
import { BadRequest, readServerRequest } from './server-request.js';

const asked = ({ user, forwardedFrom }: ApiCall) => ({
  'user.id': user,
  ...(forwardedFrom === undefined ? {} : { 'openstack.forwarded_from': forwardedFrom }),
});

/** An error that the caller has to correct is not a failure of the API either. */
const isAnswer = (error: unknown): boolean => isExpected(error) || error instanceof BadRequest;

export class Servers {
  constructor(
    private readonly cluster: string,
    private readonly rpc: RpcClient,
    private readonly images: ImageService,
    private readonly neighbour: Neighbour,
  ) {}

  @instrument({ attributes: asked, expectedErrors: isAnswer })
  async create(call: ApiCall): Promise<ApiReply> {
    const { image, name, vcpus, encryption } = readServerRequest(call.body);
    const request: BuildRequest = {
      id: randomUUID(),
      name,
      vcpus,
      image: this.images.sign(image),
      ...(encryption && { encryption }),
    };
    const reply = await this.hereOrThere(call, async () =>
      this.reply(201, await this.ask<ServerReport>('build_server', request)),
    );
    this.tellOfNeighbour('port_update', reply);
    return reply;
  }

  @instrument({ attributes: asked, expectedErrors: isAnswer })
  async show(call: ApiCall, id: string): Promise<ApiReply> {
    return this.hereOrThere(call, async () => this.reply(200, await this.ask<ServerReport>('show_server', { id })));
  }

  @instrument({ attributes: asked, expectedErrors: isAnswer })
  async delete(call: ApiCall, id: string): Promise<ApiReply> {
    const reply = await this.hereOrThere(call, async () =>
      this.reply(200, await this.ask<ServerReport>('delete_server', { id })),
    );
    this.tellOfNeighbour('port_delete', reply);
    return reply;
  }

  private async hereOrThere(call: ApiCall, here: () => Promise<ApiReply>): Promise<ApiReply> {
    try {
      return await here();
    } catch (error) {
      if (!isExpected(error)) throw error;
      trace.getActiveSpan()?.setAttribute('openstack.not_here', (error as Error).message);
      if (call.forwardedFrom !== undefined) throw error;
      log('info', 'asking the neighbour', { reason: (error as Error).message });
      return this.neighbour.forward(call);
    }
  }

  /** Of a port over there the agents here have to know as well, so that their instances can send to it. */
  private tellOfNeighbour(method: 'port_update' | 'port_delete', { body }: ApiReply): void {
    const { server } = body as { server?: { id: string; host: string; cluster: string } };
    if (server === undefined || server.cluster === this.cluster) return;
    this.rpc.fanout(method, { server: server.id, host: `${server.cluster}/${server.host}` } satisfies PortChange);
  }

  private ask<Result>(method: string, args: unknown): Promise<Result> {
    return this.rpc.call<Result>(names.conductor, method, args);
  }

  private reply(status: number, { id, name, host, status: state }: ServerReport): ApiReply {
    return { status, body: { server: { id, name, host, cluster: this.cluster, status: state } } };
  }
}
