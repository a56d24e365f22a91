// `npm run investigate:slow|not-remediated|database -w breakfix-pipeline`: answers a question of operations from the traces in Jaeger.

import { parseArgs } from 'node:util';
import { investigateDatabase } from './database.js';
import { type Finding, none } from './finding.js';
import { Jaeger, type Trace } from './jaeger.js';
import { investigateNotRemediated } from './not-remediated.js';
import { investigateSlow } from './slow.js';

const USAGE = `Usage: npm run investigate:<slow|not-remediated|database> -w breakfix-pipeline -- [options]
  --jaeger URL     Jaeger's HTTP API; default $JAEGER_URL, else http://127.0.0.1:16686
  --trace ID       the trace of the event, or
  --event ID       the event's id, or
  --node NAME      the node that it happened on (the latest event of a fault there)
  --lookback TEXT  how far back, such as 1h or 2d; default 1h
  --json           the finding as JSON
Without an event: "slow" takes the one that took longest, "not-remediated" the latest that was not, "database" looks at all.
`;

const OPTIONS = {
  jaeger: { type: 'string', default: process.env.JAEGER_URL || 'http://127.0.0.1:16686' },
  trace: { type: 'string' },
  event: { type: 'string' },
  node: { type: 'string' },
  lookback: { type: 'string', default: '1h' },
  json: { type: 'boolean', default: false },
} as const;

type Investigate = (jaeger: Jaeger, asked: Trace | undefined) => Promise<Finding>;

const lengthOf = ({ spans }: Trace): number => Math.max(...spans.map(({ end }) => end)) - (spans[0]?.start ?? 0);

const INVESTIGATIONS: Readonly<Record<string, Investigate>> = {
  async slow(jaeger, asked) {
    const all = await jaeger.eventTraces();
    const trace = asked ?? all.sort((a, b) => lengthOf(b) - lengthOf(a))[0];
    if (trace === undefined) return none('There is no event.');
    return investigateSlow(
      trace,
      all.filter(({ traceId }) => traceId !== trace.traceId),
    );
  },
  async 'not-remediated'(jaeger, asked) {
    if (asked !== undefined) return investigateNotRemediated(asked);
    const fatal = (await jaeger.eventTraces()).filter(({ spans }) =>
      spans.some(({ tags }) => tags.get('health_event.is_fatal') === true),
    );
    const findings = fatal.sort((a, b) => (b.spans[0]?.start ?? 0) - (a.spans[0]?.start ?? 0)).map(investigateNotRemediated);
    return findings.find(({ cause }) => cause !== null) ?? none(`All of ${findings.length} fatal events were remediated.`);
  },
  async database(jaeger, asked) {
    return investigateDatabase(await jaeger.allTraces(), asked && [asked]);
  },
};

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const investigate = INVESTIGATIONS[positionals[0] ?? ''];
  if (investigate === undefined || positionals.length !== 1) {
    process.stderr.write(USAGE);
    return 2;
  }
  const jaeger = new Jaeger(values.jaeger.replace(/\/$/, ''), values.lookback);
  const asked = await find(jaeger, values);
  const finding = await investigate(jaeger, asked);
  process.stdout.write(values.json ? `${JSON.stringify(finding)}\n` : printed(finding, asked));
  return 0;
}

/** The trace that the options name, if they name one. */
async function find(
  jaeger: Jaeger,
  { trace, event, node }: { trace?: string; event?: string; node?: string },
): Promise<Trace | undefined> {
  if (trace === undefined && event === undefined && node === undefined) return undefined;
  const tags = {
    ...(event !== undefined && { 'health_event.id': event }),
    ...(node !== undefined && { 'health_event.node_name': node }),
  };
  const isFault = ({ spans }: Trace): boolean => !spans.some((span) => span.tags.get('health_event.is_healthy') === true);
  const candidates = trace === undefined ? (await jaeger.eventTraces(tags)).filter(isFault) : [await jaeger.trace(trace)];
  const found = candidates
    .filter((one) => one !== undefined)
    .sort((a, b) => (b.spans[0]?.start ?? 0) - (a.spans[0]?.start ?? 0))[0];
  if (found === undefined)
    throw new Error(`Jaeger has no trace of ${trace ?? event ?? node} in the time looked at (--lookback).`);
  return found;
}

function printed({ cause, says, evidence }: Finding, asked: Trace | undefined): string {
  const about = asked === undefined ? '' : `trace ${asked.traceId}, ${asked.spans.length} spans\n`;
  return `${about}${cause === null ? 'No cause found. ' : `Cause: ${cause}. `}${says}\n${evidence.map((line) => `  ${line}\n`).join('')}`;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 2;
  },
);
