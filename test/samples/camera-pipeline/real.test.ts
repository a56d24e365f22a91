// The camera pipeline end to end, among the real Collector, Jaeger, PostgreSQL, Redis and Prometheus: what its README promises, read from
// what arrived there. Missing parts are a printed skip, on a build server a failure.
// limit: 240 s

import { Client } from 'pg';
import { createClient } from 'redis';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TRACE_FIELD_PATTERNS } from '../../../runtime/logs/index.js';
import { HEIGHT, Scene, WIDTH } from '../../../samples/camera-pipeline/src/camera/scene.js';
import { INPUTS, OUTPUTS } from '../../../samples/camera-pipeline/src/inference/network.js';
import { encode } from '../../../samples/camera-pipeline/src/pipeline/png.js';
import { DETECTORS, EVENTS, IMAGES } from '../../../samples/camera-pipeline/src/pipeline/queues.js';
import { pipelineTracing } from '../../../samples/camera-pipeline/src/pipeline/tracing.js';
import type { FlatSpan } from '../../real/support/otlp-json.js';
import { until } from '../../real/support/program.js';
import { type Line, PARTS, Pipeline, readLine, SERVICES, SLOWER_THAN_MS } from './pipeline.js';
import { dashboardPanels, dataSources, jaegerSearch } from './provisioning.js';

const test = suite('camera-pipeline among real parts');
const all = PARTS ? test : test.skip;
const HEAD_RATE = 0.25;
/** Services whose spans an image with something in it must have. */
const EVERY = ['camera', ...SERVICES].sort();

let pipeline: Pipeline;
/** Images of a run in which every trace is kept, of one at HEAD_RATE. */
let traced: Line[];
let sampled: Line[];

test.before(async () => {
  if (!PARTS) return;
  pipeline = await Pipeline.start();
  traced = await pipeline.takeImages({ IMAGES: '7', SEED: 'test', CUT_OFF_CAMERA: 'garden' });
  sampled = await pipeline.takeImages({ IMAGES: '20', SEED: 'more', OTEL_TRACE_SAMPLE_RATE: String(HEAD_RATE) });
});
test.after(async () => {
  await pipeline?.stop();
});

const idOf = (line: Line): string => line.get('trace_id') ?? '';
const serviceOf = (span: FlatSpan): string => String(span.resource['service.name']);
const traceOf = (id: string): FlatSpan[] => pipeline.collector.spans().filter(({ traceId }) => traceId === id);
/** For many traces: the file of the Collector is read once, so that the loop is not blocked for longer than a connection is kept. */
function tracesById(): (id: string) => FlatSpan[] {
  const traces = new Map<string, FlatSpan[]>();
  for (const span of pipeline.collector.spans()) traces.set(span.traceId, [...(traces.get(span.traceId) ?? []), span]);
  return (id) => traces.get(id) ?? [];
}
const shows = (line: Line): boolean => line.get('object') !== 'nothing' && line.get('cut_off') === 'false';
const named = (name: string): FlatSpan[] => pipeline.collector.spans().filter((span) => span.name === name);
/** The rule of OpenTelemetry's consistent sampling: the last 56 bits of the trace id against the share. */
const inShare = (id: string): boolean => Number.parseInt(id.slice(18), 16) / 2 ** 56 >= 1 - HEAD_RATE;

all('an image is one trace over all five processes, in Jaeger as at the Collector', async () => {
  const seen = traced.filter(shows);
  assert.is(traced.length, 22);
  assert.ok(seen.length >= 12);
  const arrived = tracesById();
  for (const line of seen) {
    const spans = arrived(idOf(line));
    assert.equal([...new Set(spans.map(serviceOf))].sort(), EVERY);
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const roots = spans.filter(({ parentSpanId }) => !byId.has(parentSpanId));
    assert.equal(
      roots.map(({ name, parentSpanId }) => [name, parentSpanId]),
      [['capture', '']],
    );
    await until(
      async () => (await pipeline.jaeger.trace(idOf(line)))?.spans.length === spans.length,
      'Jaeger has the trace whole',
    );
  }
});

all('an image that shows nothing ends at the detector, one that cannot be read fails there, with place and reason', () => {
  for (const line of traced.filter((one) => !shows(one))) {
    const spans = traceOf(idOf(line));
    assert.equal([...new Set(spans.map(serviceOf))].sort(), ['api', 'camera', 'detector']);
    const cutOff = line.get('cut_off') === 'true';
    assert.equal(
      spans
        .filter(({ status }) => status.code === 'error')
        .map(({ name }) => name)
        .sort(),
      cutOff ? ['Detector.look', 'detection_processing'] : [],
    );
    if (!cutOff) continue;
    const failure = spans.find(({ name }) => name === 'Detector.look');
    assert.match(String(failure?.status.message), /the PNG of \d+ bytes is cut off or damaged/);
    assert.match(String(failure?.events[0]?.attributes['exception.stacktrace']), /src\/pipeline\/png\.ts:\d+/);
  }
});

all("the model classifies more than 90 % of the cameras' images correctly", () => {
  const seen = [...traced, ...sampled].filter(shows);
  const events = new Map(pipeline.lines({ msg: 'event' }).map((line) => [line.get('image'), line.get('object')]));
  const right = seen.filter((line) => events.get(line.get('image')) === line.get('object'));
  assert.ok(seen.length > 45);
  assert.ok(right.length / seen.length > 0.9, `${right.length} of ${seen.length}`);
});

all('spans of the pipeline have attributes for their work: image, batch, model and event', async () => {
  const database = new Client({ connectionString: pipeline.databaseUrl });
  await database.connect();
  try {
    const count = async (table: string, image: unknown): Promise<number> =>
      (await database.query(`SELECT 1 FROM ${table} WHERE image_id = $1`, [image])).rows.length;
    const [line] = traced.filter(shows) as [Line];
    const ofImage = traceOf(idOf(line));
    const { attributes } = ofImage.find(({ name }) => name === 'detection_processing') as FlatSpan;
    assert.is(attributes['camera.id'], line.get('camera'));
    assert.is(attributes['detection.count'], await count('detections', line.get('image')));
    assert.is(attributes['image.path'], `/cameras/${line.get('camera')}/images/${line.get('image')}`);
    const image = await fetch(`${pipeline.api}${attributes['image.path']}`);
    assert.equal([image.status, image.headers.get('content-type')], [200, 'image/png']);
    assert.ok((await image.arrayBuffer()).byteLength > 1000);
    assert.is((await fetch(`${pipeline.api}/cameras/attic/images/${line.get('image')}`)).status, 404);
    const event = ofImage.find(({ name }) => name === 'event_creation')?.attributes;
    const { rows } = await database.query('SELECT id, risk_score FROM events WHERE image_id = $1', [line.get('image')]);
    assert.equal([event?.['event.id'], event?.['event.risk_score']], [rows[0].id, rows[0].risk_score]);
    assert.ok(ofImage.some(({ events }) => events.some(({ name }) => name === 'pipeline.event_created')));
  } finally {
    await database.end();
  }
  const arrived = tracesById();
  for (const { traceId, attributes } of named('batch_aggregation')) {
    assert.is(attributes['batch.timeout_triggered'], Number(attributes['batch.size']) < 4, 'full, or waited for long enough');
    const spans = arrived(traceId);
    const [analysis, inference] = ['analysis_processing', 'llm_inference'].map(
      (wanted) => spans.find(({ name }) => name === wanted)?.attributes ?? {},
    ) as [FlatSpan['attributes'], FlatSpan['attributes']];
    assert.is(analysis['batch.id'], attributes['batch.id']);
    assert.is(analysis['model.name'], inference['model.name']);
    const objects = Number(inference['model.inputs']);
    assert.equal([analysis['model.input_tokens'], analysis['model.output_tokens']], [objects * INPUTS, objects * OUTPUTS]);
    const span = spans.find(({ name }) => name === 'llm_inference') as FlatSpan;
    assert.is(span.kind, 'client');
    assert.ok(Number(inference['model.prompt_length']) > objects * INPUTS, 'each crop is in the request');
    assert.ok(Number(inference['model.completion_length']) > objects * '{"object":"","confidence":0}'.length);
    const ms = Number(BigInt(span.end) - BigInt(span.start)) / 1e6;
    assert.ok(Number(inference['model.duration_ms']) > 0 && Number(inference['model.duration_ms']) <= ms + 0.1, `${ms} ms`);
  }
});

all('names of spans are few, and hold no ids, numbers or cameras', () => {
  const spans = pipeline.collector.spans();
  const names = [...new Set(spans.map(({ name }) => name))];
  // of the images that are all traced; how many of the others are in the share is up to their trace ids
  assert.ok(spans.length > 300 && names.length < 40, `${names.length} names of ${spans.length} spans`);
  for (const name of names) assert.not.match(name, /\d|driveway|garden|front_door/);
});

all('resource: name, version and environment of each service', () => {
  const resources = new Map(pipeline.collector.spans().map((span) => [serviceOf(span), span.resource]));
  assert.equal([...resources.keys()].sort(), EVERY);
  for (const resource of resources.values())
    assert.equal([resource['service.version'], resource['deployment.environment.name']], ['0.0.0', 'test']);
});

all('a batch is a trace of its own, linked to the traces of its images, and they to it', () => {
  const detections = new Map(named('detection_processing').map((span) => [span.spanId, span.traceId]));
  const batches = named('batch_aggregation');
  assert.ok(batches.length >= 3);
  for (const { traceId, parentSpanId, links, attributes } of batches) {
    assert.is(parentSpanId, '');
    assert.ok(links.length > 0);
    for (const link of links) assert.is(detections.get(link.spanId), link.traceId);
    assert.is(new Set(links.map((link) => link.traceId)).size, links.length, 'each image in a trace of its own');
    assert.ok(Number(attributes['batch.size']) >= links.length);
    const analysis = traceOf(traceId).find(({ name }) => name === 'analysis_processing');
    assert.equal(
      traceOf(traceId)
        .filter(({ name }) => name === 'llm_inference')
        .map((span) => span.parentSpanId),
      [analysis?.spanId],
    );
    const back = named('risk_assessment').filter((span) => span.links.some(({ spanId }) => spanId === analysis?.spanId));
    assert.equal(back.map((span) => span.traceId).sort(), links.map((link) => link.traceId).sort());
  }
  assert.ok(batches.some(({ links }) => links.length > 1));
});

all('Jaeger shows the links as references', async () => {
  const batch = named('batch_aggregation').find(({ links }) => links.length > 1) as FlatSpan;
  const stored = (await pipeline.jaeger.trace(batch.traceId))?.spans.find(({ spanID }) => spanID === batch.spanId);
  assert.equal(
    stored?.references.map(({ refType, traceID }) => [refType, traceID]).sort(),
    batch.links.map(({ traceId }) => ['FOLLOWS_FROM', traceId]).sort(),
  );
});

interface Sent {
  readonly says: string;
  readonly headers: Record<string, string>;
  readonly arrives: { readonly 'event.priority': string; readonly 'request.source': string; readonly 'camera.id'?: string };
}

const BAGGAGE: Sent[] = [
  { says: 'nothing', headers: {}, arrives: { 'event.priority': 'normal', 'request.source': 'api' } },
  {
    says: 'headers, in any case',
    headers: { 'x-event-priority': 'CRITICAL', 'x-request-source': 'Scheduled' },
    arrives: { 'event.priority': 'critical', 'request.source': 'scheduled' },
  },
  {
    says: 'headers with invalid values',
    headers: { 'x-event-priority': 'urgent', 'x-request-source': 'elsewhere' },
    arrives: { 'event.priority': 'normal', 'request.source': 'api' },
  },
  {
    says: 'baggage: the priority of upstream stays, its source does not',
    headers: { baggage: 'event.priority=high,request.source=internal', 'x-event-priority': 'low', 'x-request-source': 'ui' },
    arrives: { 'event.priority': 'high', 'request.source': 'ui' },
  },
  {
    says: 'baggage: the camera of upstream stays too',
    headers: { baggage: 'camera.id=gate_2' },
    arrives: { 'event.priority': 'normal', 'request.source': 'api', 'camera.id': 'gate_2' },
  },
  {
    says: 'baggage with invalid values, and an undeclared key',
    headers: { baggage: 'event.priority=urgent,camera.id=Side%20Door,session.token=secret', 'x-event-priority': 'low' },
    arrives: { 'event.priority': 'low', 'request.source': 'api' },
  },
];

all('baggage from headers, path and upstream reaches the spans of the last process, and invalid baggage does not', async () => {
  const scene = new Scene('side_door', 'test');
  const send = async (png: Buffer, headers: Record<string, string>, camera = 'side_door'): Promise<Response> =>
    fetch(`${pipeline.api}/cameras/${camera}/images`, {
      method: 'POST',
      headers: { 'content-type': 'image/png', ...headers },
      body: new Uint8Array(png),
    });
  const accepted = async (response: Response): Promise<string> => {
    assert.is(response.status, 202);
    return ((await response.json()) as { image: string }).image;
  };
  const traceId = (index: number): string => `c0ffee00c0ffee00c0ffee00c0ffee${index + 11}`;
  const upstream = { traceparent: `00-${traceId(-1)}-0000000000000009-01` };
  await pipeline.done([await accepted(await send(encode(scene.draw()), upstream))]);
  const sent: string[] = [];
  for (const [index, { headers }] of BAGGAGE.entries()) {
    const traceparent = `00-${traceId(index)}-00000000000000${index + 10}-01`;
    sent.push(await accepted(await send(encode(scene.draw('person')), { ...headers, traceparent })));
  }
  await pipeline.done(sent);
  await pipeline.arrived();
  for (const [index, { says, arrives }] of BAGGAGE.entries()) {
    const spans = traceOf(traceId(index));
    const last = spans.filter((one) => serviceOf(one) === 'event-writer');
    assert.ok(last.length >= 2, says);
    for (const span of last) {
      for (const [key, value] of Object.entries({ 'camera.id': 'side_door', ...arrives })) {
        assert.is(span.attributes[key], value, `${says}: ${key} of ${span.name}`);
      }
      assert.match(String(span.attributes['batch.id']), /^[0-9a-f-]{36}$/);
    }
    assert.not.match(JSON.stringify(spans), /session\.token|secret|urgent|elsewhere|Side Door/);
  }
  const events = await (await fetch(`${pipeline.api}/events?camera=side_door`)).json();
  assert.equal(
    (events as { events: { image: string; priority: string }[] }).events.map(({ priority }) => priority).sort(),
    BAGGAGE.map(({ arrives }) => arrives['event.priority']).sort(),
  );
  for (const camera of ['Side%20Door', '..%2Fetc', 'x'.repeat(65)]) {
    const refused = await send(encode(scene.draw()), {}, camera);
    assert.is(refused.status, 400, camera);
  }
  assert.is((await send(Buffer.alloc(WIDTH * HEIGHT), {})).status, 415);
});

all('work that a detector had not finished is done after its restart, in its own trace', async () => {
  const client = createClient({ url: pipeline.redisUrl });
  await client.connect();
  try {
    const [line] = traced.filter(shows) as [Line];
    const traceId = 'c0ffee00c0ffee00c0ffee00c0ffee77';
    const entry = {
      image: line.get('image') ?? '',
      camera: line.get('camera') ?? '',
      traceparent: `00-${traceId}-0000000000000077-01`,
    };
    // in one step, so that the running detector does not get the image
    await client.multi().xAdd(IMAGES, '*', entry).xReadGroup(DETECTORS, 'detector-2', { key: IMAGES, id: '>' }).exec();
    // the line of an image is written before it is acknowledged
    await until(async () => (await client.xPending(IMAGES, DETECTORS)).pending === 1, 'this one alone is pending');
    await pipeline.withDetector('detector-2', async () => (await client.xPending(IMAGES, DETECTORS)).pending === 0);
    await until(() => traceOf(traceId).some(({ name }) => name === 'XACK'), 'the spans of what was left over');
    const names = traceOf(traceId).map(({ name }) => name);
    assert.equal(names.filter((name) => !/^X/.test(name)).sort(), ['Detector.look', 'detection_processing', 'images.select']);
  } finally {
    client.destroy();
  }
});

all('a message that comes twice creates one event, and an invalid one is logged and does not hold up the next', async () => {
  const client = createClient({ url: pipeline.redisUrl });
  await client.connect();
  try {
    const first = pipeline.texts.length;
    const [line] = traced.filter(shows) as [Line];
    const traceId = 'c0ffee00c0ffee00c0ffee00c0ffee88';
    const message = { image: line.get('image'), camera: line.get('camera'), object: 'person', confidence: 1, risk: 1 };
    for (const text of ['no message', JSON.stringify({ ...message, traceparent: `00-${traceId}-0000000000000088-01` })]) {
      await client.lPush(EVENTS, text);
    }
    await until(() => pipeline.lines({ trace_id: traceId }, first).length > 0, 'the second message is handled');
    await pipeline.arrived();
    const creation = traceOf(traceId).find(({ name }) => name === 'event_creation');
    assert.is(creation?.attributes['event.duplicate'], true);
    assert.is(creation?.attributes['event.id'], undefined);
    const { events } = (await (await fetch(`${pipeline.api}/events`)).json()) as { events: { image: string }[] };
    assert.is(events.filter(({ image }) => image === line.get('image')).length, 1);
    assert.is(pipeline.lines({ msg: 'an event was not created' }, first).length, 1);
    await until(
      async () => (await pipeline.query('hsi_pipeline_errors_total{stage="event"}')).length === 1,
      'the error is counted',
    );
  } finally {
    client.destroy();
  }
});

all('head sampling keeps its share, by the trace id alone; the work is done for all images alike', async () => {
  assert.is(sampled.length, 60);
  const [kept, left] = [sampled.filter((line) => inShare(idOf(line))), sampled.filter((line) => !inShare(idOf(line)))];
  // five standard deviations round 15 of 60
  assert.ok(kept.length > 0 && kept.length < 32, `${kept.length} of 60 at ${HEAD_RATE}`);
  const arrived = tracesById();
  for (const line of kept) {
    assert.is(line.get('trace_flags'), '01');
    const services = new Set(arrived(idOf(line)).map(serviceOf));
    assert.is(services.size, shows(line) ? 5 : 3, `services of ${idOf(line)}`);
  }
  const ids = new Set(pipeline.collector.spans().map(({ traceId }) => traceId));
  for (const line of left) {
    assert.is(line.get('trace_flags'), '00');
    assert.not.ok(ids.has(idOf(line)), `${idOf(line)} is not recorded`);
  }
  const written = new Set(pipeline.lines({ msg: 'event' }).map((line) => line.get('image')));
  for (const line of left.filter(shows)) assert.ok(written.has(line.get('image')), 'an event without a trace');
});

/** Does `work` while nobody can read the images, for longer than a request may take without being kept. */
async function whileImagesAreLocked<T>(work: () => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: pipeline.databaseUrl });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query('LOCK TABLE images IN ACCESS EXCLUSIVE MODE');
    const waits = async (): Promise<boolean> =>
      (await client.query('SELECT 1 FROM pg_locks WHERE NOT granted AND relation = $1::regclass', ['images'])).rows.length > 0;
    const done = work();
    await until(waits, 'the request waits for the images');
    await new Promise((resolve) => setTimeout(resolve, SLOWER_THAN_MS));
    await client.query('COMMIT');
    return await done;
  } finally {
    await client.end();
  }
}

all('tail sampling keeps failed and slow requests, and discards the others', async () => {
  await pipeline.written();
  const first = pipeline.texts.length;
  const get = async (path: string): Promise<number> => {
    const response = await fetch(`${pipeline.api}${path}`);
    await response.arrayBuffer();
    return response.status;
  };
  for (let time = 0; time < 40; time++) assert.is(await get('/events?camera=driveway'), 200);
  assert.is(await whileImagesAreLocked(() => get('/cameras/front_door/contact-sheet')), 200);
  for (let time = 0; time < 3; time++) assert.is(await get('/cameras/garden/contact-sheet'), 500);
  assert.is(await get('/events/none'), 404);
  await pipeline.written();
  const answered = pipeline.lines({ msg: 'request', method: 'GET' }, first).slice(0, -1); // the last one asked for the log
  assert.is(answered.length, 45);
  const mustBeKept = (line: Line): boolean =>
    Number(line.get('status')) >= 500 || Number(line.get('duration_ms')) > SLOWER_THAN_MS;
  const wanted = answered.filter(mustBeKept);
  assert.ok(wanted.length >= 4, 'the sheet that had to wait is slow, and those of the garden fail');
  await pipeline.arrived();
  const kept = tracesById();
  for (const line of wanted) assert.ok(kept(idOf(line)).length > 0, `${line.get('status')} after ${line.get('duration_ms')} ms`);
  const roots = answered.flatMap((line) => kept(idOf(line)).filter(({ parentSpanId }) => parentSpanId === ''));
  for (const { status, start, end } of roots) {
    const ms = Number(BigInt(end) - BigInt(start)) / 1e6;
    assert.ok(status.code === 'error' || ms >= SLOWER_THAN_MS, `kept: ${status.code}, ${ms} ms`);
  }
  const sampledOut = answered.length - roots.length;
  assert.ok(sampledOut > 20, `${sampledOut} of ${answered.length} sampled out`);
  const state = (await (await fetch(`${pipeline.operations.api}/tracing/state`)).json()) as { spans: { sampledOut: number } };
  assert.ok(state.spans.sampledOut >= 2 * sampledOut, `${state.spans.sampledOut} spans of ${sampledOut} requests`);
});

all('a line of the log leads to the trace that it was written in, by the expression that Grafana is given', async () => {
  const [field] = dataSources().find(({ uid }) => uid === 'loki')?.jsonData?.derivedFields ?? [];
  assert.is(field?.matcherRegex, TRACE_FIELD_PATTERNS.trace_id);
  assert.is(field?.url, ['$', '{__value.raw}'].join('')); // Grafana's own, not a template
  const matcher = new RegExp(field?.matcherRegex ?? '');
  // a line that was written before the first span of its process names the span that the message came from
  const all = pipeline.collector
    .spans()
    .flatMap(({ spanId, parentSpanId, traceId }) => [spanId, parentSpanId].map((id) => [id, traceId] as const));
  const spans = new Map(all.filter(([id]) => id !== ''));
  const traces = new Set(spans.values());
  const services = new Set<string>();
  for (const text of pipeline.texts) {
    const line = readLine(text);
    const id = matcher.exec(text)?.[1];
    assert.is(id, line.get('trace_id'));
    // what the head left out, and what the tail forgot, is in no backend
    const forgotten = line.get('service') === 'api' && !traces.has(idOf(line)) && Number(line.get('status')) < 500;
    if (id === undefined || line.get('trace_flags') === '00' || forgotten) continue;
    assert.is(spans.get(line.get('span_id') ?? ''), id, text);
    services.add(line.get('service') ?? '');
  }
  assert.equal([...services].sort(), EVERY);
});

all('every query of the dashboard finds something, and one for what does not exist finds nothing', async () => {
  const panels = dashboardPanels();
  const sources = new Map(dataSources().map((source) => [source.uid, source.type]));
  let [metrics, searches] = [0, 0];
  for (const { title, targets = [] } of panels) {
    for (const target of targets) {
      assert.is(sources.get(target.datasource.uid), target.datasource.type, title);
      if (target.expr !== undefined) {
        metrics++;
        const expression = target.expr;
        await until(async () => (await pipeline.query(expression)).length > 0, `${title}: ${expression}`);
      } else {
        searches++;
        const found = async () => (await pipeline.jaeger.traces(target.service ?? '', jaegerSearch(target))).length > 0;
        await until(found, `${title}: ${JSON.stringify(target)}`);
      }
    }
  }
  assert.ok(metrics >= 15 && searches >= 6, `${metrics} queries, ${searches} searches`);
  assert.equal(await pipeline.query('hsi_images_lost_total'), []);
  assert.equal(await pipeline.query('sum by (camera) (hsi_images_received_total{camera="attic"})'), []);
  assert.equal(await pipeline.jaeger.traces('analyzer', { operation: 'ai_service_span' }), []);
  assert.equal(await pipeline.jaeger.traces('detector', jaegerSearch({ tags: 'event.priority=urgent' } as never)), []);
});

all('the tables of detection and inference colour durations by thresholds, in microseconds', () => {
  const colours = dashboardPanels().flatMap(({ title, fieldConfig }) =>
    (fieldConfig?.overrides ?? []).map(({ properties }) => [
      title,
      properties.find(({ id }) => id === 'thresholds')?.value.steps.map(({ value, color }) => [color, value]),
    ]),
  );
  const steps = (yellow: number, red: number) => [
    ['green', null],
    ['yellow', yellow * 1e6],
    ['red', red * 1e6],
  ];
  assert.equal(colours, [
    ['Detection', steps(5, 30)],
    ['Inference', steps(30, 120)],
  ]);
});

all('panels neither overlap nor share an id', () => {
  const panels = dashboardPanels();
  assert.is(new Set(panels.map(({ id }) => id)).size, panels.length);
  for (const [index, a] of panels.entries()) {
    assert.ok(a.gridPos.x + a.gridPos.w <= 24, a.title);
    for (const b of panels.slice(index + 1)) {
      const apart = (at: 'x' | 'y', size: 'w' | 'h') =>
        a.gridPos[at] + a.gridPos[size] <= b.gridPos[at] || b.gridPos[at] + b.gridPos[size] <= a.gridPos[at];
      assert.ok(apart('x', 'w') || apart('y', 'h'), `${a.title} lies over ${b.title}`);
    }
  }
});

all('from a span Grafana comes to the metrics and the lines of its service', async () => {
  const sources = dataSources();
  const uids = sources.map(({ uid }) => uid);
  const ofTraces = sources.filter(({ type }) => type === 'jaeger' || type === 'tempo');
  assert.is(ofTraces.length, 2);
  assert.equal(ofTraces[0]?.jsonData, ofTraces[1]?.jsonData);
  const { tracesToLogsV2, tracesToMetrics } = ofTraces[0]?.jsonData ?? {};
  assert.ok(uids.includes(tracesToLogsV2?.datasourceUid ?? '') && uids.includes(tracesToMetrics?.datasourceUid ?? ''));
  const request = named('POST /cameras/:camera/images')[0] as FlatSpan;
  const all = { ...request.resource, ...request.attributes };
  for (const { key } of [...(tracesToLogsV2?.tags ?? []), ...(tracesToMetrics?.tags ?? [])]) assert.ok(key in all, key);
  assert.ok(tracesToMetrics?.queries.some(({ query }) => query.includes('$__tags')));
  // as Grafana fills them in: the tags that the span or its resource has
  const expressionFor = (query: string, { attributes, resource }: FlatSpan): string => {
    const values: Record<string, unknown> = { ...resource, ...attributes };
    const tags = (tracesToMetrics?.tags ?? []).filter(({ key }) => values[key] !== undefined);
    return query.replaceAll('$__tags', tags.map(({ key, value }) => `${value}="${values[key]}"`).join(','));
  };
  const clicked = SERVICES.map((service) => pipeline.collector.spans().find((span) => serviceOf(span) === service));
  for (const span of [request, ...clicked] as FlatSpan[]) {
    for (const { name, query } of tracesToMetrics?.queries ?? []) {
      if (name.startsWith('Requests') && serviceOf(span) !== 'api') continue; // the API alone counts requests
      const expression = expressionFor(query, span);
      await until(async () => (await pipeline.query(expression)).length > 0, `${name} of ${span.name}: ${expression}`);
    }
  }
  const requests = tracesToMetrics?.queries.find(({ name }) => name.startsWith('Requests'))?.query ?? '';
  const other = { ...request, attributes: { ...request.attributes, 'http.request.method': 'PATCH' } };
  assert.equal(await pipeline.query(expressionFor(requests, other)), []);
  for (const text of pipeline.texts.filter((line) => / trace_id=/.test(line))) assert.match(text, /^service=\S+ /);
});

all('OTEL_AUTO_INSTRUMENTATION=false leaves the own spans; OTEL_TRACE_SAMPLE_RATE=0 leaves none', async () => {
  const [plain] = await pipeline.takeImages({ IMAGES: '1', CAMERAS: 'porch', OTEL_AUTO_INSTRUMENTATION: 'false' });
  const [off] = await pipeline.takeImages({ IMAGES: '1', CAMERAS: 'shed', OTEL_TRACE_SAMPLE_RATE: '0' });
  await pipeline.arrived();
  const camera = traceOf(idOf(plain as Line)).filter((span) => serviceOf(span) === 'camera');
  assert.equal(
    camera.map(({ name }) => name),
    ['capture'],
  );
  assert.is((off as Line).get('trace_id'), undefined);
  assert.not.ok(named('capture').some(({ attributes }) => attributes['camera.id'] === 'shed'));
  for (const service of EVERY) {
    assert.is(
      withVariables({ OTEL_TRACE_SAMPLE_RATE: '0' }, () => pipelineTracing(service, []).enabled),
      false,
    );
    assert.is(
      withVariables({ OTEL_TRACE_SAMPLE_RATE: '0.1' }, () => pipelineTracing(service, []).enabled),
      true,
    );
  }
});

/** Calls `look` with these variables set. */
function withVariables<T>(variables: Record<string, string>, look: () => T): T {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    return look();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

all('at SIGTERM the sample sends the remaining spans, exits with 0, and leaves no listening process', async () => {
  assert.is(await pipeline.endSample(), 0);
  for (const address of [pipeline.api, ...Object.values(pipeline.operations)]) {
    const answers = await fetch(address).then(
      () => true,
      () => false,
    );
    assert.not.ok(answers, `${address} still answers`);
  }
  const spans = pipeline.collector.spans();
  assert.equal(
    spans.filter(({ attributes }) => attributes['spanwright.leak'] !== undefined).map(({ name }) => name),
    [],
  );
});

test.run();
