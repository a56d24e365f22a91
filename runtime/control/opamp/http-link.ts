// OpAMP over HTTP: each message is a POST, and what the server has to say comes with the answer. Answers are bounded in size and time;
// connections do not hold the process.

import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { clearTimeout, setTimeout, unref } from '../../captured.js';
import { holdNothing } from '../../export/connect-limit.js';
import { retryAfterMillis } from '../../export/retry-after.js';
import { guarded } from '../../fault.js';
import { ANSWER_MILLISECONDS, type Link, type LinkEvents, type LinkOptions, MOST_BYTES, reasonOf } from './link.js';

const MEDIA_TYPE = 'application/x-protobuf';

export class HttpLink implements Link {
  readonly #start: typeof httpRequest;
  readonly #agent: HttpAgent;
  #underWay: ClientRequest | undefined;
  #isOpen = false;

  constructor(
    private readonly options: LinkOptions,
    private readonly events: LinkEvents,
  ) {
    const [start, Agent] = options.url.startsWith('https:') ? [httpsRequest, HttpsAgent] : [httpRequest, HttpAgent];
    this.#start = start;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1, ...options.certificates });
  }

  open(): void {
    this.#isOpen = true;
    this.events.ready();
  }

  send(message: Uint8Array): boolean {
    if (!this.#isOpen || this.#underWay !== undefined) return false;
    const request = this.#post(message);
    this.#underWay = request;
    const settle = (report: () => void): void => {
      if (this.#underWay !== request) return;
      this.#underWay = undefined;
      clearTimeout(timer);
      report();
    };
    const fail = guarded('OpAMP', (reason: string, retryAfterMillis?: number): void =>
      settle(() => {
        this.#isOpen = false;
        request.destroy();
        this.events.lost(reason, retryAfterMillis);
      }),
    );
    const timer = unref(setTimeout(() => fail(`no answer within ${ANSWER_MILLISECONDS} ms`), ANSWER_MILLISECONDS));
    request.on('error', (error: NodeJS.ErrnoException) => fail(reasonOf(error)));
    request.on(
      'response',
      guarded('OpAMP', (response: IncomingMessage) => {
        const wrong = refusalIn(response);
        if (wrong !== undefined) fail(wrong, retryAfterMillis(response.headers['retry-after']));
        else
          readBounded(response, fail, (bytes) =>
            settle(() => {
              this.events.message(bytes);
              this.events.ready();
            }),
          );
      }),
    );
    return true;
  }

  check(): void {}

  drop(): void {
    this.#isOpen = false;
    const request = this.#underWay;
    this.#underWay = undefined;
    request?.destroy();
  }

  close(message: Uint8Array): void {
    const wasOpen = this.#isOpen;
    this.drop();
    if (!wasOpen) return;
    const end = (): void => this.#agent.destroy();
    const request = this.#post(message).on('error', end);
    request.on('response', (response) => response.resume().on('close', end));
    request.setTimeout(ANSWER_MILLISECONDS, end);
  }

  #post(message: Uint8Array): ClientRequest {
    const { url, headers } = this.options;
    const request = this.#start(url, { method: 'POST', agent: this.#agent, headers: { ...headers, 'content-type': MEDIA_TYPE } });
    request.on('socket', holdNothing);
    request.end(message);
    return request;
  }
}

function refusalIn({ statusCode = 0, headers }: IncomingMessage): string | undefined {
  if (statusCode !== 200) return `the server answered with status ${statusCode}`;
  const type = headers['content-type'] ?? 'none';
  if (type.split(';')[0] !== MEDIA_TYPE) return `the server answered with content-type ${type}; expected ${MEDIA_TYPE}`;
  const encoding = headers['content-encoding'] ?? 'identity';
  return encoding === 'identity' ? undefined : `the server answered with content-encoding ${encoding}, which was not requested`;
}

function readBounded(response: IncomingMessage, fail: (reason: string) => void, done: (bytes: Uint8Array) => void): void {
  const parts: Buffer[] = [];
  let size = 0;
  response.on('data', (part: Buffer) => {
    size += part.length;
    if (size > MOST_BYTES) fail(`a message is larger than ${MOST_BYTES} bytes`);
    else parts.push(part);
  });
  response.on('error', () => fail('the response ended early'));
  response.on(
    'end',
    guarded('OpAMP', () => done(Buffer.concat(parts))),
  );
}
