// Another API, found in the service catalog, which is read each time, because processes come and go. A call goes there with the token and the
// request id of its caller; the trace and the baggage are put into its headers by the instrumentation of fetch.

import { readFile } from 'node:fs/promises';
import { currentRequestId, REQUEST_ID_HEADER } from '../request-id.js';
import { type ApiReply, BadRequest } from './api.js';

export const TOKEN_HEADER = 'X-Auth-Token';
export const SUBJECT_HEADER = 'X-Subject-Token';

export type ServiceName = 'identity' | 'image' | 'network' | 'volume' | 'compute';
/** Address by cluster, by service. */
export type Catalog = Readonly<Record<ServiceName, Readonly<Record<string, string>>>>;

interface Request {
  readonly method: string;
  readonly path: string;
  readonly token: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class ServiceClient {
  constructor(
    private readonly cluster: string,
    private readonly catalogFile: string,
  ) {}

  /** @throws BadRequest for an answer from 400 on that the caller has to deal with, Error for others. */
  async call<Result>(service: ServiceName, request: Request): Promise<Result> {
    const { status, body } = await this.send((await this.addresses(service))[this.cluster], request);
    if (status < 400) return body as Result;
    const reason = `the ${service} API answered ${status}: ${(body as { error?: string }).error ?? 'no reason given'}`;
    throw status < 500 ? new BadRequest(reason, status) : new Error(reason);
  }

  /** The same service of the other cluster; any answer is returned as it is. */
  async callElsewhere(service: ServiceName, request: Request): Promise<ApiReply> {
    const other = Object.entries(await this.addresses(service)).find(([cluster]) => cluster !== this.cluster);
    if (other === undefined) throw new Error(`the service catalog ${this.catalogFile} knows no cluster but ${this.cluster}`);
    return this.send(other[1], request);
  }

  /** The user of a token, as the identity API says; undefined when it does not know the token. */
  identify = async (token: string): Promise<string | undefined> => {
    if (token === '') return undefined;
    const headers = { [SUBJECT_HEADER]: token };
    try {
      return (await this.call<{ user: string }>('identity', { method: 'GET', path: '/v3/auth/tokens', token, headers })).user;
    } catch (error) {
      if (error instanceof BadRequest) return undefined;
      throw error;
    }
  };

  private async addresses(service: ServiceName): Promise<Readonly<Record<string, string>>> {
    return (JSON.parse(await readFile(this.catalogFile, 'utf8')) as Catalog)[service];
  }

  private async send(address: string | undefined, { method, path, token, body, headers }: Request): Promise<ApiReply> {
    const response = await fetch(`${address}${path}`, {
      method,
      headers: {
        [TOKEN_HEADER]: token,
        [REQUEST_ID_HEADER]: currentRequestId() ?? '',
        'content-type': 'application/json',
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }
}
