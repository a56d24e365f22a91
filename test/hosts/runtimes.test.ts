// Bun and Deno as runtimes: instrumented calls are recorded, the admin hook switches them on, and spans are exported over HTTP to a
// receiver.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ReceivedSpan } from '../../viewer/receiver/decode.js';
import { startHttpReceiver } from '../../viewer/receiver/http.js';
import { link, newDirectory, ROOT, write } from './conformance/project.js';
import { part, testWith } from './conformance/suite.js';

const RUNTIMES: Readonly<Record<string, readonly string[]>> = {
  Bun: [part('bundlers/node_modules/.bin/bun'), 'run'],
  Deno: [part('runtimes/node_modules/.bin/deno'), 'run', '--allow-all', '--no-check', '--node-modules-dir=manual'],
};
const SERVICE = `import { instrument, startTracing } from 'spanwright';
import { startAdminServer } from 'spanwright/admin';
const work = instrument({ name: 'work', args: ['job'] }, async (job) => 'ran ' + job);
const tracing = await startTracing({ serviceName: 'runtime', endpoint: process.argv[2], otlpProtocol: 'http/protobuf' });
const admin = await startAdminServer({ tracing, port: 0, token: 'a-token-of-thirty-two-characters' });
await work('off');
const { status } = await fetch(admin.url + '/enabled', { method: 'PUT', headers: { authorization: 'Bearer a-token-of-thirty-two-characters', 'content-type': 'application/json' }, body: '{"enabled":true,"for":"1m"}' });
console.log(status + ' ' + (await work('on')));
await tracing.forceFlush();
await admin.close();
await tracing.shutdown();
process.exit(0);
`;

const withRuntimes = testWith('bundlers', 'runtimes');
for (const [name, [command = '', ...args]] of Object.entries(RUNTIMES))
  withRuntimes(`${name} records what the hook switches on, and exports it`, async () => {
    const arrived: ReceivedSpan[] = [];
    const receiver = await startHttpReceiver('127.0.0.1', 0, (spans) => arrived.push(...spans));
    try {
      const directory = newDirectory();
      link(directory, { spanwright: ROOT, '@opentelemetry': join(ROOT, 'node_modules/@opentelemetry') });
      write(directory, 'package.json', '{ "name": "runtime", "type": "module" }');
      write(directory, 'service.js', SERVICE);
      const child = spawn(command, [...args, 'service.js', receiver.endpoint], {
        cwd: directory,
        env: { ...process.env, NO_COLOR: '1' },
      });
      let printed = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (data) => {
          printed += data;
        });
      const [code] = await once(child, 'close');
      assert.is(code, 0, printed);
      assert.ok(/200 ran on/.test(printed), printed);
      assert.equal(
        arrived.map(({ name: span, attributes }) => [span, attributes.job]),
        [['work', 'on']],
      );
    } finally {
      await receiver.close();
    }
  });

test.run();
