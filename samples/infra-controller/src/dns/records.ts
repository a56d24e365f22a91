// Records of the site: the controller's answer for a name. Asked again for each query, because the controller is the authority.

import { instrument } from 'spanwright';
import { log } from './log.js';

export interface DnsRecord {
  type: 'A' | 'TXT';
  data: string;
}

export class RecordSource {
  constructor(private readonly api: string) {}

  /** Empty for a name that the controller does not know. The two services have separate traces, because no context is sent. */
  @instrument({
    name: 'retrieve_records',
    args: { name: 'qname', type: 'qtype' },
    result: (records: readonly DnsRecord[]) => ({ 'dns.answers.count': records.length }),
  })
  async retrieveRecords(name: string, type: string): Promise<readonly DnsRecord[]> {
    const response = await this.ask(`/v1/dns/records?${new URLSearchParams({ component: name, type })}`);
    if (response.status === 404) return [];
    if (!response.ok) throw new Error(`the controller answered ${response.status}: ${await response.text()}`);
    return ((await response.json()) as { records: DnsRecord[] }).records;
  }

  /** Recorded with LOG_LEVEL=debug alone. */
  @instrument({
    name: 'ask_controller',
    level: 'debug',
    kind: 'client',
    result: ({ status }: Response) => ({ 'http.response.status_code': status }),
  })
  private async ask(path: string): Promise<Response> {
    const response = await fetch(`${this.api}${path}`);
    log.debug({ path, status: response.status }, 'asked the controller');
    return response;
  }
}
