// The work that each phase does: every operation of the service once, one of them refused by the hardware.

import type { DnsClient } from './dns-client.js';
import type { ServiceClient } from './service-client.js';

interface Step {
  method: 'GET' | 'POST';
  path: string;
  body?: object;
  /** The status that the service must answer with. */
  status: number;
}

export const WORKLOAD: readonly Step[] = [
  { method: 'POST', path: '/v1/power', body: { component: 'switch-1', action: 'restart' }, status: 200 },
  { method: 'POST', path: '/v1/power', body: { component: 'shelf-1', action: 'on' }, status: 200 },
  { method: 'POST', path: '/v1/power', body: { component: 'rack-1', action: 'on' }, status: 200 },
  { method: 'GET', path: '/v1/firmware?component=switch-1', status: 200 },
  { method: 'GET', path: '/v1/firmware/bundles?component=rack-1', status: 200 },
  { method: 'POST', path: '/v1/firmware', body: { component: 'shelf-1', version: '1.5.0' }, status: 200 },
  { method: 'POST', path: '/v1/firmware', body: { component: 'rack-2', version: '1.5.0' }, status: 502 },
  { method: 'POST', path: '/v1/reconcile', body: { kind: 'machine' }, status: 200 },
  { method: 'POST', path: '/v1/reconcile', body: { kind: 'switch' }, status: 200 },
  { method: 'POST', path: '/v1/reconcile', body: { kind: 'power-shelf' }, status: 200 },
  { method: 'POST', path: '/v1/explore', status: 200 },
  { method: 'POST', path: '/v1/migrate', status: 200 },
];

/** Names that are looked up, and the code and answers that must come. */
export const LOOKUPS: readonly { name: string; type: 'A' | 'TXT'; code: string; answers: number }[] = [
  { name: 'switch-1.site.carbide.internal', type: 'A', code: 'NOERROR', answers: 1 },
  { name: 'rack-1.site.carbide.internal', type: 'TXT', code: 'NOERROR', answers: 1 },
  { name: 'rack-9.site.carbide.internal', type: 'A', code: 'NXDOMAIN', answers: 0 },
];

/** Returns the deviations from the expected answers, one line each. */
export async function runLookups(dns: DnsClient): Promise<string[]> {
  const faults: string[] = [];
  for (const { name, type, code, answers } of LOOKUPS) {
    const got = await dns.query(name, type);
    if (got.code !== code || got.answers.length !== answers)
      faults.push(`${type} ${name} answered ${got.code} with ${got.answers.length}, not ${code} with ${answers}`);
  }
  return faults;
}

/** Returns the deviations from the expected answers, one line each. */
export async function runWorkload(client: ServiceClient): Promise<string[]> {
  const faults: string[] = [];
  for (const { method, path, body, status } of WORKLOAD) {
    const answer = await client.call(method, path, body);
    if (answer.status !== status)
      faults.push(`${method} ${path} answered ${answer.status}, not ${status}: ${JSON.stringify(answer.body)}`);
  }
  return faults;
}
