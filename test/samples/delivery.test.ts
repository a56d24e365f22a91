// The drivers of the samples end with 1 when spans were not delivered, although everything else went as it must. Each process reports its
// own counts.
// limit: 240 s

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SHORT_LIVED } from './node-flags.js';

const SAMPLES = join(__dirname, '..', '..', 'samples');

/** The address of a port on which nothing listens. */
async function deadEndpoint(): Promise<string> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

function drive(
  sample: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; output: string }> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(OTEL_|SPANWRIGHT_|NODE_OPTIONS|PORT$)/.test(name));
  const child = spawn(process.execPath, [...SHORT_LIVED, join(SAMPLES, sample, 'build', 'drive', 'start.js'), ...args], {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

/** Arguments, endpoint variables, and the name of each recording process in the report. */
const DRIVERS: readonly [sample: string, args: readonly string[], variables: readonly string[], processes: readonly string[]][] =
  [
    [
      'breakfix-pipeline',
      ['healthy'],
      ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
      [
        'platform-connector',
        'fault-quarantine',
        'node-drainer',
        'fault-remediation',
        'janitor',
        'janitor-provider',
        'event-exporter',
      ],
    ],
    ['camera-pipeline', [], ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'], ['api', 'detector', 'analyzer', 'event-writer', 'camera']],
    [
      'control-plane',
      [],
      ['GATEWAY_A', 'GATEWAY_B', 'CENTRAL'],
      ['conductor-a', 'conductor-b', 'compute-api-a', 'compute-api-b', 'agent-a1', 'greenhouse'],
    ],
  ];

const variablesOf = (variables: readonly string[], endpoint: string) =>
  Object.fromEntries(variables.map((name) => [name, endpoint]));

for (const [sample, args, variables, processes] of DRIVERS) {
  const run = deadEndpoint().then((endpoint) => drive(sample, args, variablesOf(variables, endpoint))); // all at the same time
  test(`${sample} fails when nothing listens at its endpoint, and names each process whose spans were lost`, async () => {
    const { code, output } = await run;
    assert.is(code, 1, output);
    const lost = [...output.matchAll(/^NOT AS IT MUST BE: (\S+): (\d+) of \d+ spans were not delivered$/gm)];
    for (const name of processes) {
      assert.ok(
        lost.some(([, process, count]) => process === name && Number(count) > 0),
        `${name} is not named:\n${output}`,
      );
    }
    assert.is((output.match(/^NOT AS IT MUST BE: /gm) ?? []).length, lost.length, `nothing else went wrong:\n${output}`);
    assert.not.match(output, /All as it must be/);
  });
}

test('infra-controller fails when nothing listens at its endpoint, and reports how many spans were sent', async () => {
  const { code, output } = await drive('infra-controller', [], { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: await deadEndpoint() });
  assert.is(code, 1, output);
  assert.match(output, /^NOT AS IT MUST BE: on: [1-9]\d* spans were started, 0 sent$/m);
});

test.run();
