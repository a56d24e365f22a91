// DNS over UDP: one question a packet, answered from the records of the zone. Other zones are refused, unknown names do not exist, and an
// internal error is SERVFAIL; packets that are no questions are not answered.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { type Answer, decode, encode, type Packet, type Question } from 'dns-packet';
import { instrument } from 'spanwright';
import { log } from './log.js';
import type { RecordSource } from './records.js';

/** RFC 1035, section 4.1.1; the low bits of the flags. */
const RCODES = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;
const AUTHORITATIVE = 1 << 10;
const TTL_SECONDS = 5;

interface Reply {
  code: keyof typeof RCODES;
  answers: Answer[];
}

export class DnsServer {
  private readonly socket: Socket = createSocket('udp4');

  constructor(
    private readonly records: RecordSource,
    private readonly zone: string,
  ) {
    this.socket.on('message', (message, from) => void this.receive(message, from));
  }

  async listen(port: number): Promise<number> {
    await new Promise<void>((listening, failed) => {
      this.socket.once('error', failed).bind(port, '127.0.0.1', listening);
    });
    return this.socket.address().port;
  }

  close(): Promise<void> {
    return new Promise((closed) => this.socket.close(closed));
  }

  private async receive(message: Buffer, from: RemoteInfo): Promise<void> {
    let packet: Packet;
    try {
      packet = decode(message);
    } catch {
      return;
    }
    const [question] = packet.questions ?? [];
    if (packet.type !== 'query' || question === undefined) return;
    const { code, answers } = await this.answer(question).catch((error: Error): Reply => {
      log.error({ qname: question.name, error: error.message }, 'no answer');
      return { code: 'SERVFAIL', answers: [] };
    });
    const reply = encode({
      type: 'response',
      id: packet.id ?? 0,
      flags: AUTHORITATIVE | RCODES[code],
      questions: [question],
      answers,
    });
    this.socket.send(reply, from.port, from.address);
  }

  @instrument({
    name: 'dns_request',
    kind: 'server',
    attributes: ({ name, type }: Question) => ({ qname: name, qtype: type }),
    result: ({ code }: Reply) => ({ 'dns.response_code': code }),
  })
  private async answer({ name, type }: Question): Promise<Reply> {
    const lower = name.toLowerCase();
    if (!lower.endsWith(`.${this.zone}`)) return { code: 'REFUSED', answers: [] };
    const records = await this.records.retrieveRecords(lower.slice(0, -this.zone.length - 1), type);
    log.info({ qname: name, qtype: type, answers: records.length }, 'answered');
    if (records.length === 0) return { code: 'NXDOMAIN', answers: [] };
    return { code: 'NOERROR', answers: records.map((record): Answer => ({ name, ttl: TTL_SECONDS, ...record })) };
  }
}
