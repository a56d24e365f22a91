// The API of the other cluster, found in the service catalog. A request goes there as it came, with the caller's token and request id;
// the trace and the baggage are put into its headers by the instrumentation of fetch. What was forwarded once is not forwarded again.

import { readFile } from 'node:fs/promises';
import { instrument } from 'spanwright';
import { currentRequestId, REQUEST_ID_HEADER } from '../request-id.js';
import { TOKEN_HEADER } from './keystone-token.js';

export const FORWARDED_HEADER = 'X-Forwarded-Cluster';

export interface ApiReply {
  readonly status: number;
  readonly body: unknown;
}

/** One call of the API, by whomever. */
export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly user: string;
  readonly token: string;
  readonly body: unknown;
  /** The cluster that has sent it on. */
  readonly forwardedFrom: string | undefined;
}

export class Neighbour {
  constructor(
    private readonly cluster: string,
    private readonly catalogFile: string,
  ) {}

  @instrument({ name: 'neighbour.forward', attributes: ({ method, path }: ApiCall) => ({ 'api.call': `${method} ${path}` }) })
  async forward({ method, path, token, body }: ApiCall): Promise<ApiReply> {
    const response = await fetch(`${await this.address()}${path}`, {
      method,
      headers: {
        [TOKEN_HEADER]: token,
        [REQUEST_ID_HEADER]: currentRequestId() ?? '',
        [FORWARDED_HEADER]: this.cluster,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  /** The catalog says where each cluster's API is; it is read again each time, because clusters come and go. */
  private async address(): Promise<string> {
    const { compute } = JSON.parse(await readFile(this.catalogFile, 'utf8')) as { compute: Record<string, string> };
    const other = Object.entries(compute).find(([cluster]) => cluster !== this.cluster);
    if (other === undefined) throw new Error(`the service catalog ${this.catalogFile} knows no cluster but ${this.cluster}`);
    return other[1];
  }
}
