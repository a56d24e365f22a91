// Instrumentations by the configuration: what is missing or misspelt refuses the start and leaves nothing behind; a disabled
// instrumentation costs the libraries one check of the gate; context passes through in every state.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { propagation } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfiguration } from '../../runtime/config/load.js';
import { baggage, instrument, SpanwrightError, startTracing, type TracingOptions } from '../../runtime/index.js';
import { state } from '../../runtime/state.js';
import { traced } from '../gate/tracing.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Until garbage collection has taken the last span that could still be a parent, the gate stays active. */
async function quiet(): Promise<void> {
  for (let attempt = 0; attempt < 3000 && !state.gate.idle; attempt++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(state.gate.idle, 'the gate is idle');
}

const refused = async (instrumentations: TracingOptions['instrumentations']): Promise<SpanwrightError> => {
  try {
    await (await startTracing({ instrumentations, exporter: new InMemorySpanExporter() })).shutdown();
  } catch (error) {
    assert.instance(error, SpanwrightError);
    return error as SpanwrightError;
  }
  return assert.unreachable('the start was not refused') as never;
};

test('a package that is not installed refuses the start with the line that installs it, and leaves nothing registered', async () => {
  const error = await refused(['@opentelemetry/instrumentation-not-installed']);
  assert.is(error.code, 'MISSING_PACKAGE');
  assert.match(error.message, 'npm install @opentelemetry/instrumentation-not-installed');
  assert.equal(propagation.fields(), []);
  await traced({}, () => assert.ok(propagation.fields().includes('traceparent')));
});

test('a name that does not exist is an error with the nearest one, and so is an option of the wrong form', async () => {
  assert.match((await refused(['htpp'])).message, /unknown name "htpp"\. Did you mean "http"\?/);
  assert.match(
    (await refused({ pg: { queries: 'all' } })).message,
    /instrumentations\.pg: queries must be one of spans, totals, both; found "all"/,
  );
  assert.match((await refused({ http: { ignore_paths: ['healthz'] } })).message, /ignore_paths must be a list of paths/);
  assert.match((await refused({ http: { ignore_user_agents: [''] } })).message, /ignore_user_agents must be a list of texts/);
  assert.match(
    (await refused({ pg: { roots: 'some' } })).message,
    /roots must be true or false, or "all" or "none"; found "some"/,
  );
  assert.is((await refused(['../../etc'])).code, 'INVALID_CONFIGURATION');
});

test('an instrumentation enabled by name is removed from the default drop list; a drop list of the user is not changed', () => {
  const drop = (options: TracingOptions) => loadConfiguration({ options, env: {} }).configuration.drop;
  assert.match(drop({}), /instrumentation-fs/);
  assert.not.match(drop({ instrumentations: ['fs'] }), /instrumentation-fs/);
  assert.match(drop({ instrumentations: ['fs'] }), /instrumentation-dns.*instrumentation-net/);
  assert.match(drop({ instrumentations: { fs: false } }), /instrumentation-fs/);
  const own = 'scope:@opentelemetry/instrumentation-fs';
  assert.is(drop({ instrumentations: ['fs'], drop: own }), own);
});

test('while nothing can be recorded a patched function goes straight to the library', async () => {
  let asked = 0;
  const fs = {
    createHook: () => {
      asked++;
      return true;
    },
  };
  await traced({ enabled: false, instrumentations: { fs } }, async ({ tracing, expectSpans }) => {
    await quiet();
    const { readFileSync } = require('node:fs') as typeof import('node:fs');
    const read = instrument({ name: 'read' }, () => readFileSync(__filename, 'utf8'));
    assert.match(read(), 'goes straight');
    assert.is(asked, 0);
    tracing.setEnabled(true);
    read();
    assert.is(asked, 1);
    await expectSpans('read', '  fs readFileSync');
  });
});

test('a patched function keeps its properties: promisify, length and name', async () => {
  const { promisify } = require('node:util') as typeof import('node:util');
  for (const enabled of [false, true]) {
    await traced({ enabled, instrumentations: ['fs', 'dns'] }, async () => {
      const fs = require('node:fs') as typeof import('node:fs');
      const dns = require('node:dns') as typeof import('node:dns');
      assert.is(await promisify(fs.exists)(__filename), true);
      assert.type((await promisify(dns.lookup)('localhost')).address, 'string');
    });
  }
});

type Http = typeof import('node:http');

/** A server while `use` runs; `/told` answers with the traceparent that it got, every other path with what `handler` says. */
async function serving(
  handler: (http: Http, url: string) => Promise<string>,
  use: (http: Http, url: string) => Promise<void>,
): Promise<void> {
  const http = require('node:http') as Http;
  let url = '';
  const server = http.createServer((request, response) => {
    if (request.url === '/told') response.end(request.headers.traceparent ?? 'none');
    else if (request.url === '/baggage') response.end(request.headers.baggage ?? 'none');
    else
      handler(http, url).then(
        (text) => response.end(text),
        (error) => response.end(String(error)),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  try {
    await use(http, url);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function get(http: typeof import('node:http'), url: string, headers: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get(url, { headers, agent: false }, (response) => {
        let text = '';
        response
          .on('data', (chunk) => {
            text += chunk;
          })
          .on('end', () => resolve(text));
      })
      .on('error', reject);
  });
}

test('context is propagated through a service that records nothing, over http and fetch, with and without an exporter', async () => {
  const upstream = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
  let hooks = 0;
  const instrumentations = {
    http: {
      startOutgoingSpanHook: () => {
        hooks++;
        return {};
      },
    },
    fetch: {
      startSpanHook: () => {
        hooks++;
        return {};
      },
    },
  };
  const relay = async (http: Http, url: string) =>
    `${await get(http, `${url}/told`)} ${await (await fetch(`${url}/told`)).text()}`;
  const check = (): Promise<void> =>
    serving(relay, async (http, url) => {
      await quiet();
      hooks = 0;
      assert.is(await get(http, `${url}/`), 'none none');
      assert.is(hooks, 0, 'with no context there is nothing to do');
      assert.is(await get(http, `${url}/`, { traceparent: upstream }), `${upstream} ${upstream}`);
    });
  await traced({ enabled: false, instrumentations }, check);
  const tracing = await startTracing({ instrumentations });
  try {
    await check();
  } finally {
    await tracing.shutdown();
  }
});

test('an upstream that is sampled is recorded although the flag is off', () =>
  traced({ enabled: false, instrumentations: ['http'] }, async ({ spans }) => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await serving(
      async () => 'ok',
      async (http, url) => void (await get(http, `${url}/`, { traceparent })),
    );
    for (let attempt = 0; attempt < 3000 && (await spans()).length === 0; attempt++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const [span] = await spans();
    assert.is(span?.spanContext().traceId, 'a'.repeat(32));
    assert.is(span?.parentSpanContext?.spanId, 'b'.repeat(16));
  }));

test('baggage reaches the next service through an instrumented client, with and without recording', async () => {
  for (const enabled of [true, false]) {
    await traced({ enabled, instrumentations: ['http'] }, () =>
      serving(
        async () => 'ok',
        async (http, url) => {
          assert.is(await baggage.set('camera.id', 'x', () => get(http, `${url}/baggage`)), 'camera.id=x');
          assert.is(await get(http, `${url}/baggage`), 'none');
        },
      ),
    );
  }
});

test('a server with roots "none" records only under a sampled upstream: no traces of health checks', async () => {
  for (const roots of ['none', false]) {
    await traced({ enabled: true, instrumentations: { http: { roots } } }, ({ spans }) =>
      serving(
        async () => 'ok',
        async (http, url) => {
          assert.is(await get(http, `${url}/`), 'ok');
          assert.equal(await spans(), []);
          await get(http, `${url}/`, { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` });
          for (let attempt = 0; attempt < 3000 && (await spans()).length === 0; attempt++)
            await new Promise((resolve) => setTimeout(resolve, 10));
          assert.equal(
            (await spans()).map((span) => [span.kind, span.parentSpanContext?.spanId]),
            [[1, 'b'.repeat(16)]],
          );
        },
      ),
    );
  }
});

test('after shutdown the libraries are as they were', async () => {
  const fs = require('node:fs') as typeof import('node:fs');
  await traced({ enabled: true, instrumentations: ['fs'] }, () => {
    require('node:fs');
    assert.ok('__original' in fs.readFileSync);
  });
  assert.not.ok('__original' in fs.readFileSync);
});

test.run();
