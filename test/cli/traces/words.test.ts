// Errors of `spanwright traces`: invalid arguments, addresses where nothing listens, and invalid answers; no back end is needed.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EXIT } from '../../../cli/command.js';
import { RECIPES, TRACES_OPTIONS } from '../../../cli/viewer/recipes.js';
import { invoke } from '../invoke.js';
import { spanwright } from '../program.js';

const ID = 'a'.repeat(32);
const WRONG: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [[], /traces got 0 arguments/],
  [['sow'], /traces has no recipe "sow"\. Did you mean "show"\? Expected one of show, from-log/],
  [['show'], /traces show got 0 arguments\. Usage: spanwright traces show TRACE_ID/],
  [['show', 'xyz'], /"xyz" is not a trace id; expected 32 hexadecimal digits/],
  [['show', '0'.repeat(32)], /is not a trace id/],
  [['show', '../../x'], /is not a trace id/],
  [['show', ID, '--expect', 'a'], /"spanwright traces show" has no option --expect; it has --jaeger, --tempo, --json/],
  [['sampling', '--jaeger', 'http://127.0.0.1:1'], /"spanwright traces sampling" has no option --jaeger/],
  [['show', ID, '--jaeger', 'localhost:16686'], /--jaeger: "localhost:16686" is not an address; expected one such as http/],
  [['show', ID, '--jaeger', 'http://me:secret@jaeger'], /--jaeger: an address with a user name or password is not accepted/],
  [['show', ID, '--jaeger', 'http://a', '--tempo', 'http://b'], /--jaeger and --tempo are given; expected one of them/],
  [['slow', '--over', 'long'], /--over: found "long"; expected a duration/],
  [['slow', '--limit', '0'], /--limit: found 0; expected 1 to 1500/],
  [['find'], /traces find got 0 arguments\. Usage: spanwright traces find KEY=VALUE\.\.\./],
  [['find', 'order.id'], /"order\.id" is not KEY=VALUE; expected an attribute such as http\.route=\/orders/],
  [['find', '=7'], /"=7" is not KEY=VALUE/],
  [['find', 'a=1', 'b=2', 'a=2'], /"a" is given more than once; expected one value for each attribute/],
  [
    ['find', 'service.name=orders', '--service', 'payment'],
    /--service is "payment", service\.name is "orders"; expected one of them/,
  ],
  [['spike'], /spike needs --at TIME, or --prometheus URL and --query PROMQL/],
  [['spike', '--at', 'noon'], /--at: found "noon"; expected a time such as/],
  [['spike', '--at', '2026-01-01', '--query', 'up'], /--at and --query both name the moment/],
  [['from-log', '--level', 'bad'], /--level: found "bad"; expected one of trace, debug, info/],
  [['verify', 'localhost'], /"localhost" is not an address/],
  [['verify', 'file:///etc/passwd'], /is not an address/],
  [['verify', 'http://127.0.0.1', '--method', 'GET / HTTP/1.1'], /--method: found "GET \/ HTTP\/1\.1"; expected one such as GET/],
  [
    ['collector', '--log', 'package.json', '--every', '1s'],
    /--every compares metrics; beside --log it needs their URL, such as http/,
  ],
  [['collector', '--log', 'package.json', '--every', 'banana'], /--every/],
  [['collector', 'http://127.0.0.1:1', '--every', 'banana'], /--every: found "banana"; expected a duration/],
  [['sampling', 'package.json'], /package\.json is no configuration of a Collector: it has no service\.pipelines/],
];

for (const [args, says] of WRONG) {
  test(`"spanwright traces ${args.join(' ')}" exits with 2 and reports the fault`, async () => {
    const ran = await invoke(['traces', ...args]);
    assert.is(ran.code, EXIT.usage, ran.out + ran.err);
    assert.match(ran.err, says);
    assert.is(ran.out, '');
    assert.not.match(ran.err, /secret/);
  });
}

test('an unreachable back end gives exit code 3, and the message names it and its address', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise((resolve) => server.close(resolve));
  for (const [args, who] of [
    [['map', '--jaeger', url], 'Jaeger'],
    [['map', '--tempo', url], 'Tempo'],
    [['collector', url], 'the Collector'],
    [['spike', '--prometheus', url, '--query', 'up'], 'Prometheus'],
  ] as const) {
    const ran = await invoke(['traces', ...args]);
    assert.is(ran.code, EXIT.unreachable);
    assert.match(ran.err, `Cannot reach ${who} at ${url}: ECONNREFUSED. Is the address right?`);
  }
});

test("an answer that is not the back end's is reported as such", async () => {
  const answers = { status: 200, text: '<html>' };
  const headers: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    headers.push(request.headers.authorization);
    response.writeHead(answers.status, answers.status === 302 ? { location: 'http://127.0.0.1:1/' } : {});
    response.end(answers.text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const page = await invoke(['traces', 'map', '--jaeger', url], { SPANWRIGHT_TRACES_AUTHORIZATION: 'Bearer x' });
    assert.is(page.code, EXIT.failed);
    assert.match(page.err, /What answers at .* is not Jaeger: its answer is not JSON \(<html>\)/);
    assert.equal(headers, ['Bearer x']);
    assert.match((await invoke(['traces', 'collector', url])).err, /has no metrics of a Collector \(status 200\)/);
    answers.status = 500;
    assert.match(
      (await invoke(['traces', 'map', '--jaeger', url])).err,
      /Jaeger answered .*\/api\/dependencies with status 500: <html>/,
    );
    answers.status = 302;
    assert.is((await invoke(['traces', 'map', '--jaeger', url])).code, EXIT.unreachable, 'a redirect is not followed');
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test('the help names every recipe with its options, and every option belongs to a recipe', async () => {
  const { out, code } = await spanwright(['help', 'traces']);
  assert.is(code, 0);
  for (const { name, summary } of RECIPES) {
    assert.match(out, new RegExp(`^ {2}${name} .*${summary.slice(0, 20)}`, 'm'));
  }
  const used = new Set(RECIPES.flatMap(({ options }) => options));
  for (const { name } of TRACES_OPTIONS) {
    assert.match(out, `--${name}`);
    assert.ok(used.has(name) || name === 'jaeger' || name === 'tempo', `--${name} is used`);
  }
});

test.run();
