// Reads through the admin hook: their answers, their bounds, and that they change nothing.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ROUTES } from '../../runtime/admin/routes.js';
import { instrument, type Tracing } from '../../runtime/index.js';
import { ask, fingerprint, quietHandler } from './client.js';
import { NAMESPACE, type OpenWork, openWork, startService } from './service.js';

/** Another site of the namespace. */
const refuse = instrument({ name: 'refuse', namespace: NAMESPACE }, () => {
  throw new Error('refused');
});

const PAGE = join(__dirname, '../../runtime/admin/page');

let tracing: Tracing;
let work: OpenWork;
test.before(async () => {
  tracing = await startService({ enabled: true });
  work = openWork({ 'machine.serial': 'SECRET-4711' });
});
test.after(async () => {
  await work.finish();
  await tracing.shutdown();
});

test('GET state returns tracing.state(), tagged with its revision', async () => {
  const { admin } = quietHandler(tracing);
  const answer = await ask(admin, 'GET', '/tracing/state', { token: null });
  assert.is(answer.status, 200, answer.text);
  const { spans: _spans, leases: _leases, ...expected } = JSON.parse(JSON.stringify(tracing.state()));
  for (const [key, value] of Object.entries(expected)) assert.equal(answer.json[key], value, key);
  assert.is(answer.headers.get('etag'), `"${tracing.state().revision}"`);
});

test('every answer forbids caching, sniffing and framing', async () => {
  const { admin } = quietHandler(tracing);
  for (const path of ['/tracing', '/tracing/state', '/tracing/metrics', '/tracing/nothing']) {
    const { headers } = await ask(admin, 'GET', path);
    assert.is(headers.get('cache-control'), 'no-store', path);
    assert.is(headers.get('x-content-type-options'), 'nosniff', path);
    assert.match(headers.get('content-security-policy') as string, /default-src 'none'.*frame-ancestors 'none'/);
    assert.is(headers.get('access-control-allow-origin'), null, path);
  }
});

test('open spans are listed; attribute values are shown to holders of the token for changes only', async () => {
  const { admin } = quietHandler(tracing);
  const unauthenticated = await ask(admin, 'GET', '/tracing/spans/open', { token: null });
  assert.is(unauthenticated.json.total, tracing.openCount);
  assert.is(unauthenticated.json.spans[0].namespace, 'carbide::machine-controller');
  assert.ok(unauthenticated.json.spans[0].ageMs >= 0);
  assert.not.match(unauthenticated.text, 'SECRET-4711');
  assert.is(unauthenticated.json.spans[0].attributes, undefined);
  const trusted = await ask(admin, 'GET', '/tracing/spans/open');
  assert.is(trusted.json.spans[0].attributes['machine.serial'], 'SECRET-4711');
});

test('a list is cut at its limit and carries the total number', async () => {
  const { admin } = quietHandler(tracing);
  const all = await ask(admin, 'GET', '/tracing/sites');
  assert.ok(all.json.total >= 2, 'the service has sites');
  const first = await ask(admin, 'GET', '/tracing/sites?limit=1');
  const second = await ask(admin, 'GET', '/tracing/sites?limit=1&offset=1');
  assert.equal([...first.json.sites, ...second.json.sites], all.json.sites.slice(0, 2));
  assert.is(first.json.total, all.json.total);
  assert.equal((await ask(admin, 'GET', '/tracing/sites?offset=999999')).json.sites, []);
  assert.equal((await ask(admin, 'GET', '/tracing/spans/open?limit=0')).json.spans, []);
});

test('a list without `limit` is cut at 100 sites, 1,000 namespaces, 50 spans or 50 errors', async () => {
  const { admin } = quietHandler(tracing);
  const paths = ['sites', 'namespaces', 'spans/open', 'errors'];
  const answers = await Promise.all(paths.map((path) => ask(admin, 'GET', `/tracing/${path}`)));
  assert.equal(
    answers.map(({ json }) => json.limit),
    [100, 1000, 50, 50],
  );
});

test('sites are filtered by a prefix that is plain text', async () => {
  const { admin } = quietHandler(tracing);
  const some = await ask(admin, 'GET', '/tracing/sites?prefix=carbide%3A%3Amachine');
  assert.ok(some.json.sites.length > 0);
  for (const site of some.json.sites) assert.ok(site.namespace.startsWith('carbide::machine'));
  assert.equal((await ask(admin, 'GET', '/tracing/sites?prefix=.*')).json.sites, []);
});

for (const [query, field, says] of [
  ['limit=1001', 'limit', /at most 1000/],
  ['limit=-1', 'limit', /whole number/],
  ['limit=ten', 'limit', /found the string "ten"/],
  ['limit=1&limit=2', 'limit', /given twice/],
  ['prefx=a', 'prefx', /Did you mean "prefix"/],
] as const) {
  test(`sites?${query} is refused and names the parameter`, async () => {
    const { admin } = quietHandler(tracing);
    const answer = await ask(admin, 'GET', `/tracing/sites?${query}`);
    assert.is(answer.status, 400);
    assert.is(answer.json.error.field, field);
    assert.match(answer.json.error.message, says);
  });
}

test('recent errors are listed newest first; messages are shown to holders of the token for changes only', async () => {
  const { admin } = quietHandler(tracing);
  await openWork({}).fail(new RangeError('serial SECRET-0815 is unknown'));
  await openWork({}).fail(new TypeError('second'));
  const unauthenticated = await ask(admin, 'GET', '/tracing/errors', { token: null });
  assert.is(unauthenticated.status, 200, unauthenticated.text);
  const types = unauthenticated.json.errors.map(({ errorType }: { errorType: string }) => errorType);
  assert.equal(types.slice(0, 2), ['TypeError', 'RangeError']);
  assert.not.match(unauthenticated.text, /SECRET|second/);
  const trusted = await ask(admin, 'GET', '/tracing/errors?limit=1');
  assert.is(trusted.json.errors.length, 1);
  assert.is(trusted.json.errors[0].error, 'TypeError: second');
  assert.ok(trusted.json.total >= 2);
  assert.is((await ask(admin, 'GET', '/tracing/errors?limit=101')).json.error.field, 'limit');
});

test('sites carry latency and the last failures; messages are shown to holders of the token for changes only', async () => {
  const { admin } = quietHandler(tracing);
  const path = '/tracing/sites?sort=errors&limit=1';
  const trusted = (await ask(admin, 'GET', path)).json;
  const [site] = trusted.sites;
  assert.is(site.function, 'handleObjectState');
  assert.ok(site.latency.p50Ms <= site.latency.p99Ms);
  assert.is(
    site.latency.counts.reduce((sum: number, count: number) => sum + count, 0),
    site.calls - site.open,
  );
  assert.match(JSON.stringify(site.failures), 'SECRET-0815');
  assert.not.match((await ask(admin, 'GET', path, { token: null })).text, 'SECRET-0815');
  const wrong = await ask(admin, 'GET', '/tracing/sites?sort=age');
  assert.is(wrong.json.error.field, 'sort');
  assert.match(wrong.json.error.message, /one of name, calls, errors, open; found the string "age"/);
});

test('namespaces sum up their sites, in pages', async () => {
  const { admin } = quietHandler(tracing);
  assert.throws(refuse);
  const { json } = await ask(admin, 'GET', '/tracing/namespaces', { token: null });
  const { sites } = (await ask(admin, 'GET', '/tracing/sites')).json;
  assert.equal(
    json.namespaces.map(({ namespace }: { namespace: string }) => namespace),
    ['carbide::firmware', 'carbide::machine-controller'],
  );
  const machines = json.namespaces[1];
  const own = sites.filter(({ namespace }: { namespace: string }) => namespace === machines.namespace);
  const sum = (key: string) => own.reduce((total: number, site: Record<string, number>) => total + (site[key] as number), 0);
  assert.is(machines.sites, own.length);
  for (const key of ['open', 'calls', 'errors']) assert.is(machines[key], sum(key), key);
  assert.is(own.length, 2);
  assert.ok(machines.errors >= 2);
  const counted = ({ latency }: { latency: { counts: number[] } }) => latency.counts.reduce((total, count) => total + count, 0);
  const counts = own.map(counted);
  assert.is(counted(machines), counts[0] + counts[1]);
  assert.equal(machines.verdicts, { on: own.length, off: 0, drop: 0 });
  const second = (await ask(admin, 'GET', '/tracing/namespaces?limit=1&offset=1')).json;
  assert.is(second.total, 2);
  assert.equal(second.namespaces, [machines]);
  assert.equal((await ask(admin, 'GET', '/tracing/namespaces?prefix=nothing')).json.namespaces, []);
});

test('open spans are paged, oldest first', async () => {
  const { admin } = quietHandler(tracing);
  const younger = openWork({});
  const all = (await ask(admin, 'GET', '/tracing/spans/open')).json;
  assert.is(all.total, 2);
  const next = (await ask(admin, 'GET', '/tracing/spans/open?limit=1&offset=1')).json;
  assert.equal(
    next.spans.map(({ spanId }: { spanId: string }) => spanId),
    [all.spans[1].spanId],
  );
  assert.ok(all.spans[0].ageMs >= all.spans[1].ageMs);
  await younger.finish();
});

test('metrics come as Prometheus text', async () => {
  const { admin } = quietHandler(tracing);
  const answer = await ask(admin, 'GET', '/tracing/metrics', { token: null });
  assert.is(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  assert.match(answer.text, /^# TYPE /m);
  for (const line of answer.text.trimEnd().split('\n'))
    assert.match(line, /^(?:# (?:HELP|TYPE|UNIT|EOF)\b.*|[a-zA-Z_:][\w:]*(?:\{.*\})? \S+)$/);
});

test('health says whether spans are recorded', async () => {
  const { admin } = quietHandler(tracing);
  const { json } = await ask(admin, 'GET', '/tracing/health');
  assert.is(json.status, 'recording');
  assert.is(json.open, tracing.openCount);
  assert.is(json.exporter.state, 'nothing sent yet');
  await tracing.forceFlush();
  const { exporter } = (await ask(admin, 'GET', '/tracing/health')).json;
  assert.is(exporter.state, 'delivering');
  assert.ok(exporter.exported > 0);
  assert.equal([exporter.failed, exporter.dropped, exporter.sampledOut], [0, 0, 0]);
});

test('the page holds no data, runs only its own script, and that script parses', async () => {
  const { admin } = quietHandler(tracing, { readToken: 'the-token-for-reads' });
  const first = await ask(admin, 'GET', '/tracing/', { token: null });
  assert.is(first.status, 200);
  assert.is(first.headers.get('content-type'), 'text/html; charset=utf-8');
  const nonce = /script-src 'nonce-([^']+)'/.exec(first.headers.get('content-security-policy') as string)?.[1] as string;
  const script = new RegExp(`<script nonce="${nonce.replace(/[+/]/g, '\\$&')}">([\\s\\S]*)</script>`).exec(
    first.text,
  )?.[1] as string;
  assert.ok(script);
  assert.ok(new Script(script));
  assert.is(first.text.split('<script').length, 2, 'one script');
  assert.match(first.headers.get('content-security-policy') as string, `; script-src 'nonce-${nonce}'; `);
  assert.not.match(first.text, /admin-test/);
  // the names of SVG and MathML are not addresses that a browser requests
  assert.not.match(first.text.replace(/http:\/\/www\.w3\.org\/[\w/]+/g, ''), /https?:\/\//);
  const sources = readdirSync(PAGE).filter((name) => name.endsWith('.tsx'));
  assert.ok(sources.length > 5);
  for (const name of sources) assert.not.match(readFileSync(join(PAGE, name), 'utf8'), /innerHTML/i, name);
  const second = await ask(admin, 'GET', '/tracing', { token: null });
  assert.not.match(second.headers.get('content-security-policy') as string, nonce);
});

test('the OpenAPI document holds every route of the table, no more, and the fields of each', async () => {
  const { admin } = quietHandler(tracing, { prefix: '/ops/tracing' });
  const { json } = await ask(admin, 'GET', '/ops/tracing/openapi.json');
  assert.is(json.openapi, '3.1.0');
  const listed = Object.entries<Record<string, unknown>>(json.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const expected = ROUTES.map(
    ({ method, path }) => `${method} /ops/tracing${path === '' ? '' : `/${path.replace(':id', '{id}')}`}`,
  );
  assert.equal(listed.sort(), expected.sort());
  for (const route of ROUTES) {
    const path = `/ops/tracing${route.path === '' ? '' : `/${route.path.replace(':id', '{id}')}`}`;
    const { parameters, requestBody } = json.paths[path][route.method.toLowerCase()];
    const query = route.method === 'GET' ? route.query : [];
    const names = [...(path.endsWith('{id}') ? ['id'] : []), ...query.map(({ name }) => name)];
    assert.equal(
      parameters.map(({ name }: { name: string }) => name),
      names,
      path,
    );
    const fields = Object.keys(requestBody?.content['application/json'].schema.properties ?? {});
    assert.equal(fields, route.method === 'GET' ? [] : (route.body ?? []).map(({ name }) => name), path);
  }
  for (const { method, path, permission, ...route } of ROUTES) {
    const { security, responses, requestBody } =
      json.paths[`/ops/tracing${path === '' ? '' : `/${path.replace(':id', '{id}')}`}`][method.toLowerCase()];
    assert.equal(security, permission === 'change' ? [{ token: [] }] : undefined, path);
    assert.equal(Object.keys(responses), ['200', 'default'], path);
    assert.is(requestBody?.required, 'body' in route && route.body !== null ? true : undefined, path);
    if (method !== 'GET') continue;
    const answer = await ask(admin, 'GET', `/ops/tracing${path === '' ? '' : `/${path}`}`);
    const [type] = (answer.headers.get('content-type') as string).split(';');
    assert.equal(Object.keys(responses[200].content), [type], path);
  }
  const { parameters: pages } = json.paths['/ops/tracing/spans/open'].get;
  assert.equal(
    pages.map(({ name, in: place, schema }: Record<string, unknown>) => [name, place, schema]),
    [
      ['limit', 'query', { type: 'integer', minimum: 0, maximum: 1000 }],
      ['offset', 'query', { type: 'integer', minimum: 0, maximum: 9000 }],
    ],
  );
  assert.equal(json.paths['/ops/tracing/leases/{id}'].delete.parameters[0].required, true);
  const atRoot = (await ask(quietHandler(tracing, { prefix: '/' }).admin, 'GET', '/openapi.json')).json.paths;
  assert.ok('/' in atRoot && '/state' in atRoot, Object.keys(atRoot).join());
  const sites = json.paths['/ops/tracing/sites'].get.parameters as { name: string; schema: object }[];
  assert.equal(
    sites.filter(({ schema }) => 'enum' in schema).map(({ name, schema }) => [name, schema]),
    [['sort', { type: 'string', enum: ['name', 'calls', 'errors', 'open'] }]],
  );
  const body = json.paths['/ops/tracing/enabled'].put.requestBody.content['application/json'].schema;
  assert.equal(body.required, ['enabled']);
  assert.equal(body.properties.maxSpans, { type: 'integer', minimum: 1, description: body.properties.maxSpans.description });
  assert.is(body.properties.for.oneOf.length, 2);
  assert.is(body.additionalProperties, false);
});

test('HEAD answers like GET, without a body', async () => {
  const { admin } = quietHandler(tracing);
  const answer = await ask(admin, 'HEAD', '/tracing/state');
  assert.is(answer.status, 200);
  assert.is(answer.text, '');
  assert.is((await ask(admin, 'HEAD', '/tracing/nothing')).status, 404);
});

test('no read changes anything', async () => {
  const { admin } = quietHandler(tracing);
  const before = fingerprint(tracing);
  const reads = ROUTES.filter(({ method }) => method === 'GET');
  assert.ok(reads.length > 5);
  for (const { path } of reads) assert.is((await ask(admin, 'GET', `/tracing/${path}`)).status, 200, path);
  assert.is(fingerprint(tracing), before);
});

test('the routes answer under another prefix, and only there', async () => {
  const { admin } = quietHandler(tracing, { prefix: '/ops/tracing/' });
  assert.is(admin.prefix, '/ops/tracing');
  assert.is((await ask(admin, 'GET', '/ops/tracing/health')).status, 200);
  assert.is((await ask(admin, 'GET', '/tracing/health')).status, 404);
  assert.is((await ask(admin, 'GET', '/ops/tracinghealth')).status, 404);
});

test('a fault of the tracing object is answered with 500 without details, which are logged', async () => {
  const broken = {
    ...tracing,
    state: () => {
      throw new Error('secret detail');
    },
  } as unknown as Tracing;
  const { admin, log } = quietHandler(broken);
  for (const [method, body] of [
    ['GET', undefined],
    ['PUT', { enabled: true }],
  ] as const) {
    const answer = await ask(admin, method, method === 'GET' ? '/tracing/state' : '/tracing/enabled', { body });
    assert.is(answer.status, 500);
    assert.is(answer.json.error.code, 'Internal');
    assert.not.match(answer.text, 'secret detail');
  }
  assert.match(log.join('\n'), 'secret detail');
});

test.run();
