// `npm start`: three phases of the service, with tracing off, on and off again. Prints the traces and the counts, and ends with 0
// only if every check passed.

import { type Child, viewIfAsked } from '@spanwright/stage';
import { formatTrace, groupTraces, type ReceivedSpan } from '@spanwright/viewer';
import { checkPhase } from './checks.js';
import { DnsClient } from './dns-client.js';
import { type PhaseResult, runPhase } from './phase.js';
import { configuredEndpoint, hookOf, startDns, startReceiverProcess, startService } from './processes.js';
import { ServiceClient } from './service-client.js';

const SHOWN = [
  'backend',
  'object_id',
  'state',
  'power.action',
  'url.path',
  'db.query.text',
  'http.response.status_code',
  'qname',
  'qtype',
];
const children: Child[] = [];

async function main(): Promise<number> {
  const begin = performance.now();
  const configured = await configuredEndpoint(process.env);
  const arrived = configured ? undefined : { controller: [] as ReceivedSpan[], dns: [] as ReceivedSpan[] };
  let endpoint = configured;
  if (arrived) {
    const receiver = await startReceiverProcess((span) => {
      (span.resource.attributes['service.name'] === 'carbide-dns' ? arrived.dns : arrived.controller).push(span);
    });
    children.push(receiver);
    endpoint = receiver.address;
    print(`Receiver: OTLP/gRPC at ${endpoint}, in a process of its own.`);
  } else {
    print(`Receiver: the configured one at ${endpoint}; what arrives there cannot be counted from here.`);
  }
  const service = await startService(
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint, OTEL_BSP_SCHEDULE_DELAY: process.env.OTEL_BSP_SCHEDULE_DELAY ?? '200' },
    (line) => print(`  service | ${line}`),
  );
  children.push(service);
  print(`Service:  ${service.address}`);
  const dns = await startDns(service.address, endpoint, (line) => print(`      dns | ${line}`));
  children.push(dns);
  print(`DNS:      ${dns.address}, UDP; its tracing is always on.\n`);

  const client = new ServiceClient(service.address, String(service.ready.adminTokenFile));
  const phases: PhaseResult[] = [];
  for (const [name, enabled] of [
    ['off', undefined],
    ['on', true],
    ['off again', false],
  ] as const) {
    if (enabled !== undefined) await client.setEnabled(enabled);
    print(`-- tracing ${name} ${'-'.repeat(60)}`);
    const phase = await runPhase(name, client, new DnsClient(dns.address), arrived);
    if (phase.received) printTraces(phase.received);
    if (phase.receivedOfDns) printTraces(phase.receivedOfDns);
    printCounts(phase);
    phases.push(phase);
  }
  const faults = phases.flatMap(checkPhase);
  for (const fault of faults) print(`NOT AS IT MUST BE: ${fault}`);
  print(`${faults.length === 0 ? 'All as it must be' : 'Failed'}, in ${((performance.now() - begin) / 1000).toFixed(1)} s.`);
  const spans = phases.flatMap(({ received = [], receivedOfDns = [] }) => [...received, ...receivedOfDns]);
  await viewIfAsked(spans, print, hookOf(service));
  return faults.length === 0 ? 0 : 1;
}

function printTraces(spans: readonly ReceivedSpan[]): void {
  for (const trace of groupTraces(spans)) print(`${formatTrace(trace, { attributes: SHOWN, valueLength: 60 })}\n`);
}

function printCounts({ open, started, exported, received, receivedOfDns, polls, ms }: PhaseResult): void {
  print(`open spans: ${open.before} before, at most ${open.during} seen during, ${open.after} after`);
  print(`spans started: ${started}, sent: ${exported}, at the receiver: ${received ? received.length : 'cannot be counted'}`);
  if (receivedOfDns) print(`spans of the DNS service, independent of the switch: ${receivedOfDns.length}`);
  print(`the work took ${Math.round(ms)} ms; the polling loop made ${polls} passes\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function stopChildren(): Promise<void> {
  for (const child of children.splice(0).reverse()) await child.stop(); // the service first, because it sends its remaining spans
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stopChildren().then(() => process.exit(130)));

void main()
  .catch((error: unknown) => {
    print(`npm start failed: ${error instanceof Error ? error.message : error}`);
    return 1;
  })
  .then(async (code) => {
    await stopChildren();
    process.exitCode = code;
  });
