// A real OTLP/gRPC server on a free loopback port for the tests of export: takes raw requests, counts their spans
// (in the protobuf a span is field 2 of the scope spans, which are field 2 of the resource spans, which are field 1), and answers as scripted: in order, with a status, after a delay, or never.

import { Metadata, Server, ServerCredentials, type ServiceDefinition, status as Status } from '@grpc/grpc-js';
import { field } from '../export/protobuf-fields.js';

export type Behaviour = {
  status?: number;
  details?: string;
  delay?: number;
  hang?: true;
  /** Body of a success, as it is; `partialSuccess()` makes one. */
  answer?: Buffer;
  /** Milliseconds in a `google.rpc.RetryInfo` beside the status. */
  retryAfter?: number;
};

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
  static readonly #running = new Set<Collector>();

  /** Called after each test, so that one that fails does not hold its file. */
  static stopAll(): void {
    for (const collector of Collector.#running) collector.stop();
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** @param mostBytes refuses larger requests */
  async start(port = 0, credentials = ServerCredentials.createInsecure(), mostBytes = 64 * 1024 * 1024): Promise<this> {
    const server = new Server({ 'grpc.max_receive_message_length': mostBytes });
    server.addService(SERVICE, {
      Export: (call: { request: Buffer; metadata: Metadata }, reply: (error: object | null, value?: Buffer) => void) => {
        const behaviour = this.behaviour(this.requests++);
        this.metadata.push(call.metadata);
        this.bodies.push(call.request);
        if (behaviour.hang) return;
        const answer = (): void => {
          const { status, details, retryAfter, answer: body = Buffer.alloc(0) } = behaviour;
          if (status) {
            const metadata = new Metadata();
            if (retryAfter !== undefined) metadata.set('grpc-status-details-bin', retryDetails(status, retryAfter));
            reply({ code: status, details: details ?? Status[status], metadata });
          } else {
            this.accepted += countSpans(call.request);
            reply(null, body);
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
    Collector.#running.add(this);
    return this;
  }

  /** Ends the server at once, also calls under way. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#server?.forceShutdown();
    Collector.#running.delete(this);
    this.#server = undefined;
  }
}

/** An ExportTraceServiceResponse of a Collector that did not take everything. */
export function partialSuccess(rejected: number, message: string): Buffer {
  return field(1, Buffer.concat([field(1, rejected), field(2, message)]));
}

/** A google.rpc.Status with a RetryInfo, after a detail of another type. */
function retryDetails(status: number, milliseconds: number): Buffer {
  const duration = Buffer.concat([field(1, Math.floor(milliseconds / 1000)), field(2, (milliseconds % 1000) * 1e6)]);
  const any = (type: string, value: Buffer): Buffer =>
    field(3, Buffer.concat([field(1, `type.googleapis.com/google.rpc.${type}`), field(2, value)]));
  return Buffer.concat([field(1, status), any('Help', field(1, 'x')), any('RetryInfo', field(1, duration))]);
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
