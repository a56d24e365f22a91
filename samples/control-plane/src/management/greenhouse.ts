// A user in the management cluster: requests to the APIs of the two regions, each with a request id and a trace of its
// own that starts here and continues there.

import { trace } from '@opentelemetry/api';
import { instrument } from 'spanwright';
import { SUBJECT_HEADER, TOKEN_HEADER } from '../http/service-client.js';
import { log } from '../log.js';
import { newRequestId, REQUEST_ID_HEADER, withRequestId } from '../request-id.js';

export interface Outcome {
  readonly what: string;
  readonly status: number;
  readonly requestId: string;
  /** Undefined while tracing is off. */
  readonly traceId: string | undefined;
  readonly ms: number;
  // biome-ignore lint/suspicious/noExplicitAny: what an API answers
  readonly body: any;
}

export class Greenhouse {
  constructor(
    private readonly identity: string,
    private readonly apis: Readonly<Record<'a' | 'b', string>>,
  ) {}

  private token = '';

  /** The token of the answer goes with all orders that follow. */
  logIn(user: string, password: string): Promise<Outcome> {
    const requestId = newRequestId();
    const url = `${this.identity}/v3/auth/tokens`;
    return withRequestId(requestId, () => this.send('log in', requestId, 'POST', url, { user, password }));
  }

  /** One request, under a request id of its own. */
  order(what: string, cluster: 'a' | 'b', method: string, path: string, body?: object): Promise<Outcome> {
    const requestId = newRequestId();
    return withRequestId(requestId, () => this.send(what, requestId, method, `${this.apis[cluster]}${path}`, body));
  }

  @instrument({ name: 'order', args: ['what'] })
  private async send(what: string, requestId: string, method: string, url: string, body?: object): Promise<Outcome> {
    const begin = performance.now();
    const response = await fetch(url, {
      method,
      headers: { [TOKEN_HEADER]: this.token, [REQUEST_ID_HEADER]: requestId, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answered = await response.json();
    this.token = response.headers.get(SUBJECT_HEADER) ?? this.token;
    const traceId = trace.getActiveSpan()?.spanContext().traceId;
    log('info', what, { status: response.status });
    return { what, status: response.status, requestId, traceId, ms: Math.round(performance.now() - begin), body: answered };
  }
}
