// Records of the site: the controller's answer for a name. Asked again for each query, because the controller is the authority.

import { instrument } from 'spanwright';

export interface DnsRecord {
  type: 'A' | 'TXT';
  data: string;
}

export class RecordSource {
  constructor(private readonly api: string) {}

  /** Empty for a name that the controller does not know. The two services trace apart: no context is sent along. */
  @instrument({
    name: 'retrieve_records',
    args: { name: 'qname', type: 'qtype' },
    result: (records: readonly DnsRecord[]) => ({ 'dns.answers.count': records.length }),
  })
  async retrieveRecords(name: string, type: string): Promise<readonly DnsRecord[]> {
    const response = await fetch(`${this.api}/v1/dns/records?${new URLSearchParams({ component: name, type })}`);
    if (response.status === 404) return [];
    if (!response.ok) throw new Error(`the controller answered ${response.status}: ${await response.text()}`);
    return ((await response.json()) as { records: DnsRecord[] }).records;
  }
}
