// Requests about servers: asks the conductor of its own cluster first. If that has no room, or knows no such server, the request goes to the
// other cluster, once. The image, the volume and the port of a server are those of the other APIs of the cluster.

import { randomUUID } from 'node:crypto';
import { trace } from '@opentelemetry/api';
import { instrument } from 'spanwright';
import type { BuildRequest, ServerReport } from '../conductor/conductor.js';
import { type ApiCall, type ApiReply, BadRequest, FORWARDED_HEADER } from '../http/api.js';
import type { ServiceClient } from '../http/service-client.js';
import type { SignedImage } from '../image/images.js';
import { log } from '../log.js';
import { names } from '../messaging/broker-connection.js';
import { isExpected } from '../messaging/remote-error.js';
import type { RpcClient } from '../messaging/rpc-client.js';
import { readServerRequest } from './server-request.js';

const asked = ({ user, forwardedFrom }: ApiCall) => ({
  'user.id': user,
  ...(forwardedFrom === undefined ? {} : { 'openstack.forwarded_from': forwardedFrom }),
});

/** An error that the caller has to correct is not a failure of the API either. */
const isAnswer = (error: unknown): boolean => isExpected(error) || error instanceof BadRequest;

interface ServerBody {
  readonly server?: { readonly id: string; readonly host: string; readonly cluster: string };
}

export class Servers {
  constructor(
    private readonly cluster: string,
    private readonly rpc: RpcClient,
    private readonly services: ServiceClient,
  ) {}

  @instrument({ attributes: asked, expectedErrors: isAnswer })
  async create(call: ApiCall): Promise<ApiReply> {
    const { image, name, vcpus, encryption, volumeGb } = readServerRequest(call.body);
    const { token } = call;
    const id = randomUUID();
    const reply = await this.hereOrThere(call, async () => {
      const signed = await this.services.call<SignedImage>('image', { method: 'GET', path: `/v2/images/${image}`, token });
      const request: BuildRequest = { id, name, vcpus, image: signed, ...(encryption && { encryption }) };
      if (volumeGb !== undefined)
        await this.services.call('volume', { method: 'POST', path: '/v3/volumes', token, body: { server: id, gb: volumeGb } });
      try {
        return this.reply(201, await this.ask<ServerReport>('build_server', request));
      } catch (error) {
        if (volumeGb !== undefined) await this.deleteVolume(id, token);
        throw error;
      }
    });
    const { server } = reply.body as ServerBody;
    if (server !== undefined) {
      // the agents here have to know a port in the other cluster too, so that their instances can send to it
      const host = server.cluster === this.cluster ? server.host : `${server.cluster}/${server.host}`;
      await this.services.call('network', { method: 'POST', path: '/v2.0/ports', token, body: { server: server.id, host } });
    }
    return reply;
  }

  @instrument({ attributes: asked, expectedErrors: isAnswer })
  async show(call: ApiCall, id: string): Promise<ApiReply> {
    return this.hereOrThere(call, async () => this.reply(200, await this.ask<ServerReport>('show_server', { id })));
  }

  @instrument({ attributes: asked, expectedErrors: isAnswer })
  async delete(call: ApiCall, id: string): Promise<ApiReply> {
    const { token } = call;
    const reply = await this.hereOrThere(call, async () => {
      const report = await this.ask<ServerReport>('delete_server', { id });
      await this.deleteVolume(id, token);
      return this.reply(200, report);
    });
    await this.services.call('network', { method: 'DELETE', path: `/v2.0/ports/${id}`, token });
    return reply;
  }

  private deleteVolume(id: string, token: string): Promise<unknown> {
    return this.services.call('volume', { method: 'DELETE', path: `/v3/volumes/${id}`, token });
  }

  private async hereOrThere(call: ApiCall, here: () => Promise<ApiReply>): Promise<ApiReply> {
    try {
      return await here();
    } catch (error) {
      if (!isExpected(error)) throw error;
      trace.getActiveSpan()?.setAttribute('openstack.not_here', (error as Error).message);
      if (call.forwardedFrom !== undefined) throw error;
      log('info', 'asking the other cluster', { reason: (error as Error).message });
      return this.forward(call);
    }
  }

  /** The request goes to the other cluster as it came. */
  @instrument({ name: 'other_cluster.forward', attributes: ({ method, path }: ApiCall) => ({ 'api.call': `${method} ${path}` }) })
  private forward({ method, path, token, body }: ApiCall): Promise<ApiReply> {
    const headers = { [FORWARDED_HEADER]: this.cluster };
    return this.services.callElsewhere('compute', { method, path, token, body, headers });
  }

  private ask<Result>(method: string, args: unknown): Promise<Result> {
    return this.rpc.call<Result>(names.conductor, method, args);
  }

  private reply(status: number, { id, name, host, status: state }: ServerReport): ApiReply {
    return { status, body: { server: { id, name, host, cluster: this.cluster, status: state } } };
  }
}
