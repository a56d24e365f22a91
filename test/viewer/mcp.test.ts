// `spanwright view --mcp`, asked by the protocol's own client over standard input and output.

import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startAdminServer } from '../../runtime/admin/index.js';
import { startViewer, type Viewer } from '../../viewer/view/viewer.js';
import { openWork, startService } from '../admin/service.js';
import { order, spanIdOf, traceIdOf } from './example-traces.js';

const PROJECT = join(__dirname, '../..');
const TOKEN = 'a-token-of-the-mcp-test';

interface Answered {
  readonly failed: boolean;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of each tool
  readonly json: any;
}

interface Assistant {
  tools(): Promise<{ name: string; inputSchema: Record<string, unknown> }[]>;
  call(name: string, given?: Record<string, unknown>): Promise<Answered>;
  close(): Promise<void>;
}

/** A client of the protocol's SDK with the command as its child. */
async function assistant(args: readonly string[]): Promise<Assistant> {
  const [{ Client }, { StdioClientTransport }] = await Promise.all([
    import('@modelcontextprotocol/sdk/client/index.js'),
    import('@modelcontextprotocol/sdk/client/stdio.js'),
  ]);
  const client = new Client({ name: 'test', version: '1.0.0' });
  const command = [join(PROJECT, 'dist/cli/main.js'), 'view', '--mcp', ...args];
  await client.connect(new StdioClientTransport({ command: process.execPath, args: command, cwd: PROJECT, stderr: 'ignore' }));
  return {
    tools: async () => (await client.listTools()).tools,
    async call(name, given = {}) {
      const { content, isError } = await client.callTool({ name, arguments: given });
      const { text } = (content as { text: string }[])[0] as { text: string };
      return { failed: isError === true, text, json: isError === true ? undefined : JSON.parse(text) };
    },
    close: () => client.close(),
  };
}

const service = { started: undefined as Awaited<ReturnType<typeof startService>> | undefined };
let viewer: Viewer;
let asked: Assistant;
let closeAll: () => Promise<void>;

test.before(async () => {
  service.started = await startService();
  service.started.setEnabled(true);
  const admin = await startAdminServer({ tracing: service.started, port: 0, token: TOKEN, log: () => {} });
  viewer = await startViewer({ hooks: [admin.url], hookToken: TOKEN });
  const now = Date.now();
  for (let at = 1; at <= 30; at += 1) {
    const slow = at % 5 === 0;
    const machine = slow ? 'm-17' : `m-${at % 4}`;
    viewer.add(order(at, now - at * 1000, { slow: slow ? 20 : 1, machine, ...(at === 7 ? { error: 'card refused' } : {}) }));
  }
  asked = await assistant(['--port', new URL(viewer.url).port]);
  closeAll = async () => {
    await asked.close();
    await viewer.close();
    await admin.close();
    await service.started?.shutdown();
  };
});
test.after(() => closeAll());

test('the server lists its tools with closed schemas', async () => {
  const tools = await asked.tools();
  assert.equal(tools.map(({ name }) => name).sort(), [
    'diff',
    'errors',
    'get_span',
    'get_trace',
    'open_spans',
    'search_traces',
    'slow_traces',
  ]);
  for (const { inputSchema } of tools) assert.is(inputSchema.additionalProperties, false);
});

test('search_traces filters as the page does, and returns nothing for a filter that matches nothing', async () => {
  const found = await asked.call('search_traces', { attribute: ['machineId=m-17'], limit: 3 });
  assert.is(found.json.matched, 6);
  assert.is(found.json.traces.length, 3);
  const none = await asked.call('search_traces', { namespace: 'no::such' });
  assert.equal([none.json.matched, none.json.unmatched], [0, ['namespace']]);
});

test('slow_traces lists the slowest first', async () => {
  const { json } = await asked.call('slow_traces', { limit: 6 });
  for (const { durationMs } of json.traces) assert.ok(durationMs > 400, durationMs);
});

test('get_trace returns the tree, cut at its limit, and get_span all of one span', async () => {
  const { json } = await asked.call('get_trace', { trace: traceIdOf(7), limit: 4 });
  assert.equal([json.spansInAll, json.spans.length, json.spans[0].name], [9, 4, 'POST /orders']);
  assert.is(json.spans[1].parent, json.spans[0].span);
  const span = await asked.call('get_span', { trace: traceIdOf(7), span: spanIdOf(7, 0) });
  assert.is(span.json.attributes['http.route'], '/orders');
});

test('errors has one row for a failure that passed two spans', async () => {
  const { json } = await asked.call('errors');
  assert.is(json.failures.length, 1);
  const [{ name, passed, reason }] = json.failures;
  assert.equal([name, passed, reason], ['POST /charge', ['PayService.pay'], 'TimeoutError: card refused']);
});

test('diff names the machine that the slow traces share', async () => {
  const { json } = await asked.call('diff', { over: 400 });
  assert.match(json.findings[0].attribute, 'm-17');
});

test('open_spans lists a span until it ends', async () => {
  const work = openWork({ machineId: 'm-9' });
  const openCount = async (): Promise<number> => (await asked.call('open_spans')).json.total;
  for (let tries = 0; tries < 100 && (await openCount()) === 0; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 100));
  const { json } = await asked.call('open_spans');
  assert.ok(json.total > 0 && json.spans[0].ageMs >= 0 && json.hooks[0].reachable);
  await work.finish();
  for (let tries = 0; tries < 100 && (await openCount()) > 0; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 100));
  assert.is(await openCount(), 0);
});

test('wrong arguments, tools and ids are failures that name what was expected', async () => {
  for (const [name, given, message] of [
    ['search_traces', { colour: 'red' }, 'has no argument "colour"; expected text, service'],
    ['search_traces', { errors: 'yes' }, '"errors" must be a boolean'],
    ['search_traces', { attribute: 'a=b' }, '"attribute" must be an array of strings'],
    ['search_traces', { constructor: 1 }, 'has no argument "constructor"'],
    ['search_traces', { limit: 5000 }, '"limit" must be a whole number'],
    ['get_trace', {}, 'needs "trace"'],
    ['get_trace', { trace: '../../state' }, 'there is no such'],
    ['get_trace', { trace: traceIdOf(999_999) }, 'there is no such trace'],
    ['no_such_tool', {}, 'there is no tool "no_such_tool"'],
  ] as const) {
    const { failed, text } = await asked.call(name, given);
    assert.ok(failed, name);
    assert.match(text, message);
  }
});

test('without a running viewer it starts one of its own, and ends with its client', async () => {
  const own = await assistant(['--port', '0', '--grpc-port', '0', '--http-port', '0']);
  assert.equal((await own.call('search_traces')).json.traces, []);
  await own.close();
});

test.run();
