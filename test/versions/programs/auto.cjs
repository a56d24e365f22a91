// Instrumented calls in a service whose SDK is auto-instrumentations-node, loaded before it: `node auto.cjs <on|off|none>`, where
// `none` leaves createSampler() out. Serves one request, calls once without a request, prints what was seen, and ends by SIGTERM.

const http = require('node:http');
const { trace } = require('@opentelemetry/api');
const { createSampler, instrument } = require('spanwright');

const [flag] = process.argv.slice(2);
const tracing = flag === 'none' ? undefined : createSampler({ enabled: flag === 'on' }).tracing;

const inner = instrument({ name: 'inner', namespace: 'x' }, async () => {
  trace.getTracer('hand').startSpan('hand').end();
});
const work = instrument({ name: 'work', namespace: 'x', args: ['id'] }, async (id) => inner().then(() => id));
const failing = instrument({ name: 'failing', namespace: 'x' }, async () => {
  throw new TypeError('broken');
});

const server = http.createServer(async (_request, response) => {
  await work(7);
  await failing().catch(() => {});
  response.end();
});
server.listen(0, '127.0.0.1', () => {
  http.get({ port: server.address().port, host: '127.0.0.1' }, (response) => {
    response.resume().on('end', async () => {
      server.close();
      await work(8);
      console.log(JSON.stringify({ counts: tracing?.state().spans ?? null }));
      setTimeout(() => process.kill(process.pid, 'SIGTERM'), 100);
    });
  });
});
