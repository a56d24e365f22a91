// What must work on either line of the SDK, whichever way the package was loaded: recorded calls beside third-party spans, sent over
// both protocols, with counts. Copied by versions.test.ts into the folder where a line is installed; prints what the program knows.

module.exports = async function core({ spanwright, api, endpoint, protocol }) {
  const { instrument, startTracing, inject, withRemoteContext } = spanwright;
  const { trace, context, SpanKind, SpanStatusCode } = api;
  const lookUp = instrument({ name: 'look up', kind: SpanKind.CLIENT, args: ['id'] }, async (id) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (id < 0) throw new RangeError('no such id');
    return id;
  });
  const request = instrument({ name: 'request', kind: SpanKind.SERVER, attributes: { tenant: 'a' } }, async (id) => {
    await trace.getTracer('library', '1.0.0').startActiveSpan('by a library', async (span) => {
      span.addEvent('began', { step: 1 });
      span.addLink?.({ context: { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 } });
      span.setStatus({ code: SpanStatusCode.OK });
      await lookUp(id);
      span.end();
    });
    await lookUp(-1).catch(() => {});
    const headers = {};
    inject(headers);
    return headers;
  });
  const tracing = await startTracing({
    endpoint,
    otlpProtocol: protocol,
    enabled: true,
    serviceName: 'versions',
    scheduleDelay: 50,
  });
  const headers = await request(7);
  await withRemoteContext({ traceparent: `00-${'1f'.repeat(16)}-${'2e'.repeat(8)}-01` }, () => request(8));
  tracing.setEnabled(false);
  await request(9);
  await tracing.forceFlush();
  const { spans, recording } = tracing.state();
  await tracing.shutdown();
  const active = trace.getSpan(context.active()) === undefined;
  console.log(JSON.stringify({ node: process.version, spans, recording, headers, active }));
};
