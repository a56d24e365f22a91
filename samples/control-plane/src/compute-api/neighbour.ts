// The compute API of the other cluster. A request goes there as it came; one that was forwarded once is not forwarded again.

import { instrument } from 'spanwright';
import { type ApiCall, type ApiReply, FORWARDED_HEADER } from '../http/api.js';
import type { ServiceClient } from '../http/service-client.js';

export class Neighbour {
  constructor(
    private readonly cluster: string,
    private readonly services: ServiceClient,
  ) {}

  @instrument({ name: 'neighbour.forward', attributes: ({ method, path }: ApiCall) => ({ 'api.call': `${method} ${path}` }) })
  forward({ method, path, token, body }: ApiCall): Promise<ApiReply> {
    const headers = { [FORWARDED_HEADER]: this.cluster };
    return this.services.callElsewhere('compute', { method, path, token, body, headers });
  }
}
