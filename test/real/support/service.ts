// The service of the fault tests: a process of its own, forked by loaded-service.ts. An HTTP server whose handler is recorded,
// ordered over IPC to fail as a real one does: block its event loop, set its clock back, burst, end.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, SpanKind } from '@opentelemetry/api';
import { extract, instrument, startTracing, type Tracing, type TracingOptions } from '../../../runtime/index.js';
import { setNoticeLogger } from '../../../runtime/warnings.js';
import { randomFrom } from '../../random.js';

export type Order =
  | { do: 'block'; milliseconds: number }
  | { do: 'set clock back'; milliseconds: number }
  | { do: 'burst'; spans: number }
  /** From then on flag, rules and drop list change at random, every few milliseconds. */
  | { do: 'toggle'; seed: number }
  | { do: 'report' }
  | { do: 'end' };

/** The answer to each order. */
export interface Report {
  spans: { ended: number; exported: number; failed: number; dropped: number; sampledOut: number; open: number };
  /** Bytes, for `report` and `end` after a collection. */
  heap: number;
  lines: string[];
  /** Milliseconds that the order took. */
  took: number;
  resources: string[];
  /** Changes of flag, rules and drop list. */
  toggles: number;
}

const lines: string[] = [];
setNoticeLogger((_level, line) => lines.push(line));

const lookUp = instrument(
  { name: 'look up', kind: SpanKind.CLIENT, args: ['id'] },
  async function lookUp(id: number): Promise<number> {
    await new Promise((resolve) => setImmediate(resolve));
    return id * 3;
  },
);
const add = instrument({ name: 'add' }, (a: number, b: number) => a + b);
/** Four spans a request. */
const handle = instrument({ name: 'request', kind: SpanKind.SERVER }, async function handle(id: number): Promise<number> {
  const [a, b] = await Promise.all([lookUp(id), lookUp(id + 1)]);
  return add(a, b);
});
const one = instrument({ name: 'one of many', attributes: { filler: 'x'.repeat(100) } }, () => 1);

const MOST_LEASE_MS = 300;
const MOST_PAUSE_MS = 20;

/** Changes flag, rules and drop list at random. @returns ends it, and answers the number of changes so far */
function toggle(tracing: Tracing, seed: number): { stop(): void; readonly count: number } {
  const chance = randomFrom(seed);
  const upTo = (most: number): number => 1 + Math.floor(chance() * most);
  const changes: (() => unknown)[] = [
    () => tracing.setEnabled(true, { for: upTo(MOST_LEASE_MS) }),
    () => tracing.setEnabled(true, { for: '1h', maxSpans: upTo(2000) }),
    () => tracing.setEnabled(true, { for: upTo(MOST_LEASE_MS), only: 'kind:server' }),
    () => tracing.setEnabled(false),
    () => tracing.setEnabled(false, { for: upTo(MOST_LEASE_MS) }),
    () => tracing.setRules(`*=${chance().toFixed(3)}`, { for: upTo(MOST_LEASE_MS) }),
    () => tracing.setRules(''),
    () => tracing.setDrop('name:add', { for: upTo(MOST_LEASE_MS) }),
    () => tracing.setDrop(''),
  ];
  let count = 0;
  let timer: NodeJS.Timeout;
  const next = (): void => {
    changes[Math.floor(chance() * changes.length)]?.();
    count++;
    timer = setTimeout(next, upTo(MOST_PAUSE_MS));
  };
  next();
  return {
    stop: () => clearTimeout(timer),
    get count() {
      return count;
    },
  };
}

async function main(): Promise<void> {
  const options = JSON.parse(process.argv[2] ?? '{}') as TracingOptions;
  const tracing = await startTracing({ serviceName: 'service', enabled: true, scheduleDelay: 100, ...options });
  const server = createServer((request, response) => {
    const id = Number(request.url?.slice(1));
    context.with(extract(request.headers as Record<string, string>), () =>
      handle(id).then((answer) => response.end(String(answer))),
    );
  }).listen(0, '127.0.0.1');

  // A connection that the server gives up while the client writes to it would look like an answer that was lost because of tracing.
  server.keepAliveTimeout = 0;

  let toggling: ReturnType<typeof toggle> | undefined;
  const report = (took: number, collect: boolean): Report => {
    if (collect) (globalThis as { gc?: () => void }).gc?.();
    const { spans } = tracing.state();
    return {
      spans,
      heap: process.memoryUsage().heapUsed,
      lines,
      took,
      resources: process.getActiveResourcesInfo(),
      toggles: toggling?.count ?? 0,
    };
  };

  const orders: { [K in Order['do']]: (order: Extract<Order, { do: K }>) => void | Promise<void> } = {
    block: ({ milliseconds }) => {
      const end = performance.now() + milliseconds;
      while (performance.now() < end);
    },
    'set clock back': ({ milliseconds }) => {
      const now = Date.now;
      Date.now = () => now() - milliseconds;
    },
    burst: ({ spans }) => {
      for (let index = 0; index < spans; index++) one();
    },
    toggle: ({ seed }) => {
      toggling = toggle(tracing, seed);
    },
    report: () => {},
    end: async () => {
      toggling?.stop();
      server.close();
      server.closeAllConnections();
      await tracing.shutdown();
    },
  };
  process.on('message', async (order: Order) => {
    const begun = performance.now();
    await orders[order.do](order as never);
    // A collection in the middle of a load would be the harness's own pause.
    process.send?.(report(performance.now() - begun, order.do === 'report' || order.do === 'end'), () => {
      // From here on the process must end by itself: nothing is left that it waits for. Earlier, a long answer would be cut off.
      if (order.do === 'end') process.disconnect();
    });
  });
  server.once('listening', () => process.send?.((server.address() as AddressInfo).port));
}

void main();
