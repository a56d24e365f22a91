// `npm start`: the system is started, the management cluster places its orders, everything ends again. Prints the orders and, without
// gateways, their traces; ends with 0 only if every check passed.

import { deliveryFaults, startReceiver, viewIfAsked } from '@spanwright/stage';
import type { ReceivedSpan } from '@spanwright/viewer';
import { stopRequested } from '../lifecycle.js';
import { checkOutcomes, checkTraces, type Reported } from './checks.js';
import { configuredDestinations, System } from './system.js';
import { tree } from './trees.js';

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const onLog = process.env.LOGS ? (line: string): void => void process.stderr.write(`${line}\n`) : (): void => undefined;

/** Exit code of shells after Ctrl-C. */
const INTERRUPTED = 130;
let interrupted = false;
const stop = stopRequested().then(() => {
  interrupted = true;
});

async function main(): Promise<number> {
  const begin = performance.now();
  const spans: ReceivedSpan[] = [];
  const outcomes: Reported[] = [];
  let undelivered: string[] = [];
  const configured = configuredDestinations(process.env);
  const receiver = configured ? undefined : await startReceiver((span) => spans.push(span), onLog);
  const here = receiver?.address ?? '';
  const destinations = configured ?? { a: here, b: here, management: here };
  try {
    const system = await System.start(destinations, onLog);
    try {
      print(`RabbitMQ:  ${new URL(system.amqpUrl).host}`);
      for (const [service, addresses] of Object.entries(system.catalog))
        print(
          `${`${service}:`.padEnd(10)} ${Object.entries(addresses)
            .map(([cluster, url]) => `${cluster} ${url}`)
            .sort()
            .join(', ')}`,
        );
      print(`spans:     a ${destinations.a}, b ${destinations.b}, management ${destinations.management}`);
      if (!interrupted) await system.runGreenhouse((outcome) => outcomes.push(outcome), stop);
    } finally {
      await system.stop(); // each process sends its remaining spans
      undelivered = deliveryFaults(system.reports);
    }
  } finally {
    await receiver?.stop();
  }
  if (interrupted) return INTERRUPTED;
  printOutcomes(outcomes);
  if (receiver) printTraces(outcomes, spans);
  const faults = [...checkOutcomes(outcomes), ...undelivered, ...(receiver ? checkTraces(outcomes, spans) : [])];
  for (const fault of faults) print(`NOT AS IT MUST BE: ${fault}`);
  print(`${faults.length === 0 ? 'All as it must be' : 'Failed'}, in ${((performance.now() - begin) / 1000).toFixed(1)} s.`);
  await viewIfAsked(receiver && spans, print);
  return faults.length === 0 ? 0 : 1;
}

function printOutcomes(outcomes: readonly Reported[]): void {
  print('\norder                           status      ms  trace                             request id');
  for (const { what, status, ms, traceId, requestId } of outcomes)
    print(
      `${what.padEnd(32)}${String(status).padEnd(8)}${String(ms).padStart(6)}  ${traceId ?? 'none'.padEnd(32)}  ${requestId}`,
    );
}

/** Prints the trace of the first order of each kind, and the number of orders of that kind. */
function printTraces(outcomes: readonly Reported[], spans: readonly ReceivedSpan[]): void {
  const kinds = new Map(outcomes.map((outcome) => [outcome.what, outcomes.filter(({ what }) => what === outcome.what)]));
  for (const [what, all] of kinds) {
    const trace = spans.filter((span) => span.traceId === all[0]?.traceId);
    print(`\n-- ${what}${all.length > 1 ? `, the first of ${all.length}` : ''}: ${trace.length} spans ${'-'.repeat(40)}`);
    print(tree(trace));
  }
  print(`\n${spans.length} spans in ${new Set(spans.map(({ traceId }) => traceId)).size} traces.`);
}

void main()
  .catch((error: unknown) => {
    if (interrupted) return INTERRUPTED;
    print(`npm start failed: ${error instanceof Error ? error.message : error}`);
    return 1;
  })
  .then((code) => {
    process.exitCode = code;
  });
