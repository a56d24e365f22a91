// `npm start`: three runs of the pipeline, and the outcome of their traces: every image traced, a share of the images, requests of
// which only the failed and slow ones are kept. Ends with 0 only if every check passed.

import { deliveryFaults, viewIfAsked } from '@spanwright/stage';
import { formatTrace, type ReceivedSpan } from '@spanwright/viewer';
import { checkBatches, checkHead, checkImages, checkTail } from './checks.js';
import { askAround } from './people.js';
import { progressOf, settled } from './progress.js';
import { type Line, RunRecord } from './record.js';
import { System } from './system.js';

const SHOWN = [
  'camera.id',
  'event.priority',
  'request.source',
  'detection.count',
  'batch.size',
  'model.objects',
  'event.risk_score',
];
const SEED = process.env.SEED ?? 'start';
const HEAD_RATE = 0.25;
const SLOWER_THAN_MS = 100;

const record = new RunRecord();
const system = new System({
  env: { KEEP_SLOWER_THAN: `${SLOWER_THAN_MS}ms`, KEEP_RATIO: '0' },
  onSpan: (span) => record.spans.push(span),
  onLog: (service, line) => {
    record.addLog(line);
    if (/ level=(warn|error) | SPW(?!001)\d/.test(line)) print(`  ${service} | ${line}`);
  },
});

/** One run of the cameras; the lines of the images that were sent. */
async function takeImages(images: number, rate: number, env: NodeJS.ProcessEnv = {}): Promise<Line[]> {
  const first = record.lines.length;
  const cameras = await system.run('camera', { IMAGES: String(images), SEED, OTEL_TRACE_SAMPLE_RATE: String(rate), ...env });
  const code = await cameras.ended;
  if (code !== 0) throw new Error(`The cameras ended with ${code}.`);
  await settled(system);
  return record.logged({ msg: 'image sent' }, first);
}

async function main(): Promise<number> {
  const begin = performance.now();
  await system.start();
  for (const [what, where] of system.addresses) print(`${what.padEnd(12)} ${where}`);
  print('');

  print('-- every image is traced ----------------------------------------');
  const traced = await takeImages(8, 1, { CUT_OFF_CAMERA: 'garden' });
  const { found, failed, events, alerts } = await progressOf(system);
  print(`${traced.length} images: something in ${found}, ${failed} unreadable; ${events} events, ${alerts} alerts\n`);

  print(`-- one image in ${1 / HEAD_RATE} is traced: decided at the head ---------------`);
  const sampled = await takeImages(16, HEAD_RATE);
  print(`${sampled.length} images, ${sampled.filter((line) => line.get('trace_flags') === '01').length} sampled\n`);

  print('-- requests of people: decided at the tail ----------------------');
  await askAround(system.api, 30);
  const { sampledOutSpans } = await progressOf(system);
  await system.stop(); // remaining spans are sent before the receiver ends, and every line of the log is read
  const answered = record.logged({ msg: 'request', service: 'api', method: 'GET' });
  print(`${answered.length} requests, ${sampledOutSpans} spans sampled out\n`);

  const faults = deliveryFaults(system.reports);
  if (system.receives) {
    printTraces(answered);
    faults.push(
      ...checkImages(record, traced),
      ...checkBatches(record),
      ...checkHead(record, sampled, HEAD_RATE),
      ...checkTail(record, answered, SLOWER_THAN_MS),
    );
  } else print(`What arrived at ${system.endpoint} cannot be seen from here; look for the services camera and api there.`);
  for (const fault of faults) print(`NOT AS IT MUST BE: ${fault}`);
  print(`${faults.length === 0 ? 'All as it must be' : 'Failed'}, in ${((performance.now() - begin) / 1000).toFixed(1)} s.`);
  await viewIfAsked(system.receives ? record.spans : undefined, print);
  return faults.length === 0 ? 0 : 1;
}

/** One trace of each sort. */
function printTraces(answered: readonly Line[]): void {
  const show = (title: string, span: ReceivedSpan | undefined): void => {
    if (span === undefined) return;
    print(`-- ${title}, trace ${span.traceId}`);
    print(`${formatTrace(record.trace(span.traceId), { attributes: SHOWN, valueLength: 40 })}\n`);
  };
  const called = (name: string): ReceivedSpan[] => record.spans.filter((span) => span.name === name);
  const alerted = called('alert')[0] ?? called('event_creation')[0];
  show('an image, from the camera to the event', alerted);
  const batch = called('risk_assessment').find(({ traceId }) => traceId === alerted?.traceId)?.links[0];
  show('the batch that it went through', batch && record.trace(batch.traceId)[0]);
  show(
    'an image that was cut off',
    called('detection_processing').find(({ status }) => status.code === 'error'),
  );
  const kept = answered.filter((line) => record.trace(line.get('trace_id') ?? '').length > 0);
  print(`-- kept of ${answered.length} requests: ${kept.length}`);
  for (const line of kept)
    print(`${line.get('route')}  ${line.get('duration_ms')} ms  ${line.get('status')}  ${line.get('trace_id')}`);
  print('');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void system.stop().then(() => process.exit(130)));
}

void main()
  .catch((error: unknown) => {
    print(`npm start failed: ${error instanceof Error ? error.message : error}`);
    return 1;
  })
  .then(async (code) => {
    await system.stop();
    process.exitCode = code;
  });
