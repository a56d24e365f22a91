// Pools of worker threads that wait in Atomics.wait() between tasks, where the event loop does not turn: what piscina and tinypool do by
// default. Real pools over the built package, with a real receiver.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startReceiver } from '../../viewer/receiver/receiver.js';
import { part, testWith } from '../hosts/conformance/suite.js';

const PACKAGE = join(__dirname, '..', '..', 'dist', 'runtime', 'index.js');
const { startTracing } = require(PACKAGE) as typeof import('../../runtime/index.js');

interface Task {
  readonly endpoint: string;
  readonly flush: boolean;
}
interface Pool {
  run(task: Task): Promise<unknown>;
  destroy(): Promise<void>;
}
type PoolOf = new (options: object) => Pool;

const worker = (): string => `
const { instrument, startTracing } = require(${JSON.stringify(PACKAGE)});
const work = instrument({ namespace: 'pool', name: 'work' }, () => 1);
let starting;
module.exports = async ({ endpoint, flush }) => {
  const tracing = await (starting ??= startTracing({ serviceName: 'worker', endpoint, scheduleDelay: 20, logLevel: 'none' }));
  work();
  if (flush) await tracing.forceFlush();
};
`;

const modules = part('libraries', 'node_modules');
const load = (path: string) => import(pathToFileURL(join(modules, path)).href);
/** Each pool, and the options without which it waits in Atomics.wait(). */
const POOLS: Record<string, { open(): Promise<PoolOf>; turning: object }> = {
  piscina: { open: async () => (await load('piscina/dist/index.js')).Piscina, turning: { atomics: 'disabled' } },
  tinypool: { open: async () => (await load('tinypool/dist/index.js')).Tinypool, turning: { useAtomics: false } },
};

const withPools = testWith('libraries');
for (const [name, { open, turning }] of Object.entries(POOLS)) {
  /** Spans that arrive of six tasks, before which tracing is switched on. */
  async function arriving(options: object, flush: boolean): Promise<number> {
    const folder = mkdtempSync(join(tmpdir(), 'spanwright-pool-'));
    const filename = join(folder, 'worker.cjs');
    writeFileSync(filename, worker());
    const receiver = await startReceiver();
    const { endpoint } = receiver;
    const tracing = await startTracing({ serviceName: 'main', endpoint, enabled: false, logLevel: 'none' });
    const pool = new (await open())({ filename, minThreads: 1, maxThreads: 1, ...options });
    try {
      await pool.run({ endpoint, flush });
      assert.is(receiver.spans.length, 0);
      tracing.setEnabled(true, { for: '1m' });
      await pool.run({ endpoint, flush }); // takes the change at its end
      for (let tries = 0; options === turning && receiver.spans.length === 0 && tries < 500; tries += 1) {
        await sleep(20); // the message arrives between tasks
        await pool.run({ endpoint, flush });
      }
      const before = receiver.spans.length;
      for (let task = 0; task < 6; task += 1) await pool.run({ endpoint, flush });
      if (flush || options === turning) await receiver.waitFor((spans) => spans.length >= before + 6);
      else await sleep(500);
      return receiver.spans.length - before;
    } finally {
      await pool.destroy();
      await tracing.shutdown();
      await receiver.close();
      rmSync(folder, { recursive: true });
    }
  }

  withPools(`${name}: with a flush at the end of each task, its spans arrive and a change takes effect`, async () => {
    assert.is(await arriving({}, true), 6);
  });

  withPools(`${name}: without a flush they do only where the worker's event loop turns between tasks`, async () => {
    assert.is(await arriving({}, false), 0);
    assert.ok((await arriving(turning, false)) >= 6);
  });
}

test.run();
