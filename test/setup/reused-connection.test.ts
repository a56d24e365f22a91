// OTLP over HTTP on one connection, on each Node.js that there is: from Node 24 on, an agent watches its idle connections, and closes
// one that is taken into use past its own methods as soon as the server answers.
// limit: 120 s

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NODE24, part } from '../hosts/conformance/suite.js';
import { countSpans } from './collector.js';

const ROOT = join(__dirname, '..', '..');
/** More than the listeners that Node.js takes without a warning. */
const BATCHES = 15;
const NODES = [process.execPath, NODE24, part('node26/node_modules/.bin/node')].filter(existsSync);

const program = (url: string): string => `const { instrument, startTracing } = require('./dist/runtime/index.js');
(async () => {
  const tracing = await startTracing({ endpoint: '${url}', otlpProtocol: 'http/protobuf', enabled: true });
  const call = instrument({ name: 'call' }, () => 1);
  for (let batch = 0; batch < ${BATCHES}; batch++) {
    call();
    await tracing.forceFlush();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await tracing.shutdown();
})();`;

for (const [index, node] of NODES.entries()) {
  const name = index === 0 ? `Node ${process.version}` : node.slice(ROOT.length + 1).split('/node_modules')[0];
  test(`sends each batch once, over one connection, without a warning: ${name}`, async () => {
    let requests = 0;
    let spans = 0;
    let connections = 0;
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        requests++;
        spans += countSpans(Buffer.concat(chunks));
        response.end();
      });
    });
    server.on('connection', () => connections++);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    let stderr: string;
    try {
      ({ stderr } = await promisify(execFile)(node, ['-e', program(url)], {
        cwd: ROOT,
        timeout: 30_000,
      }));
    } finally {
      server.close();
      server.closeAllConnections();
    }
    assert.equal({ requests, spans, connections }, { requests: BATCHES, spans: BATCHES, connections: 1 });
    assert.not.match(stderr, /Warning/);
  });
}

test.run();
