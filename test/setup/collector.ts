// A real OTLP/gRPC server on a free loopback port for the tests of export: takes raw requests, counts their spans
// (in the protobuf a span is field 2 of the scope spans, which are field 2 of the resource spans, which are field 1), and answers as told: in order, with a status, after a delay, or never.

import { type Metadata, Server, ServerCredentials, type ServiceDefinition, status as Status } from '@grpc/grpc-js';

export type Behaviour = { status?: number; details?: string; delay?: number; hang?: true };

const SERVICE: ServiceDefinition = {
  Export: {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: (value: Buffer) => value,
    requestDeserialize: (value: Buffer) => value,
    responseSerialize: (value: Buffer) => value,
    responseDeserialize: (value: Buffer) => value,
  },
};

export class Collector {
  /** Spans in requests that were answered with success. */
  accepted = 0;
  requests = 0;
  metadata: Metadata[] = [];
  bodies: Buffer[] = [];
  behaviour: (request: number) => Behaviour = () => ({});
  port = 0;
  #server: Server | undefined;
  #timers = new Set<NodeJS.Timeout>();

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(port = 0, credentials = ServerCredentials.createInsecure()): Promise<this> {
    const server = new Server({ 'grpc.max_receive_message_length': 64 * 1024 * 1024 });
    server.addService(SERVICE, {
      Export: (call: { request: Buffer; metadata: Metadata }, reply: (error: object | null, value?: Buffer) => void) => {
        const behaviour = this.behaviour(this.requests++);
        this.metadata.push(call.metadata);
        this.bodies.push(call.request);
        if (behaviour.hang) return;
        const answer = (): void => {
          if (behaviour.status) reply({ code: behaviour.status, details: behaviour.details ?? Status[behaviour.status] });
          else {
            this.accepted += countSpans(call.request);
            reply(null, Buffer.alloc(0));
          }
        };
        if (behaviour.delay === undefined) answer();
        else this.#timers.add(setTimeout(answer, behaviour.delay));
      },
    });
    this.port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
    });
    this.#server = server;
    return this;
  }

  /** Ends at once, also calls under way. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#server?.forceShutdown();
    this.#server = undefined;
  }
}

/** Spans in an ExportTraceServiceRequest. */
export function countSpans(request: Buffer): number {
  let spans = 0;
  for (const resource of fields(request, 1)) for (const scope of fields(resource, 2)) spans += fields(scope, 2).length;
  return spans;
}

/** The length-delimited fields with this number, of one protobuf message. */
function fields(message: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const kind = tag & 7;
    if (kind === 0) varint();
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else {
      const length = varint();
      if (tag >> 3 === wanted) found.push(message.subarray(at, at + length));
      at += length;
    }
  }
  return found;
}
