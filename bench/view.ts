// The viewer under load: 10,000 spans a second for a while, with a page open on the list; a trace of 20,000 spans; a search over 50,000
// traces. SPANWRIGHT_VIEW_SECONDS sets the length (default 10; 600 for the ten minutes of the requirement). Needs Chromium.

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Browser } from '../test/admin/page/browser.js';
import { largeTrace, order, traceIdOf, traceOf } from '../test/viewer/example-traces.js';
import { clickToWaterfall } from '../test/viewer/page/checks.js';
import { toOtlpJson } from '../viewer/formats/otlp-json.js';
import { startViewer } from '../viewer/view/viewer.js';
import type { Budget, Outcome } from './report.js';

const SECONDS = Number(process.env.SPANWRIGHT_VIEW_SECONDS ?? 10);
const SPANS_PER_SECOND = 10_000;
const REQUESTS_PER_SECOND = 20;
/** Small enough to be full after a few seconds, so that growth after that is a leak. */
const KEPT_TRACES = 2000;
const SPANS_OF_ORDER = 9;
/** Requests on the way at once. */
const SENDERS = 4;
/** Changes of the page that are closer together count as one update. */
const APART_MS = 100;
const SEARCHED_TRACES = 50_000;
const LARGE_TRACE = 20_000;
const ROUNDS = 15;
const LIMITS = { updatesPerSecond: 4, openMs: 300, searchMs: 100, growth: 1.1, rate: 0.99 };

const medianOf = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

export async function measureView(): Promise<Outcome> {
  const [load, large, search] = [await measureLoad(), await measureLargeTrace(), await measureSearch()];
  const budgets: Budget[] = [
    {
      what: 'received of the spans sent',
      limit: '(least) 100 %',
      measured: `${(load.received * 100).toFixed(1)} %`,
      met: load.received >= 1,
    },
    {
      what: 'spans received a second',
      limit: `(least) ${SPANS_PER_SECOND * LIMITS.rate}`,
      measured: load.rate.toFixed(0),
      met: load.rate >= SPANS_PER_SECOND * LIMITS.rate,
    },
    {
      what: `updates of the page a second at ${SPANS_PER_SECOND} spans/s`,
      limit: `(least) ${LIMITS.updatesPerSecond}`,
      measured: load.updates.toFixed(1),
      met: load.updates >= LIMITS.updatesPerSecond,
    },
    {
      what: 'memory at the end, of that at half time',
      limit: `${LIMITS.growth}x`,
      measured: `${load.growth.toFixed(2)}x`,
      met: load.growth <= LIMITS.growth,
    },
    {
      what: `a trace of ${LARGE_TRACE} spans opens`,
      limit: `${LIMITS.openMs} ms`,
      measured: `${large.toFixed(0)} ms`,
      met: large <= LIMITS.openMs,
    },
    {
      what: `search over ${SEARCHED_TRACES} traces`,
      limit: `${LIMITS.searchMs} ms`,
      measured: `${search.toFixed(0)} ms`,
      met: search <= LIMITS.searchMs,
    },
  ];
  const note = `${SECONDS} s over OTLP/HTTP as JSON; the viewer keeps ${KEPT_TRACES} traces. Medians of ${ROUNDS}; the machine also runs the sender and Chromium.`;
  const rows = [[`${load.rate.toFixed(0)}`, `${load.memoryMb.toFixed(0)} MB`, `${load.cpuShare.toFixed(2)}`]];
  return {
    tables: [{ title: 'The viewer', note, head: ['spans/s received', 'resident memory', 'processors busy'], rows }],
    budgets,
  };
}

interface Load {
  readonly received: number;
  readonly rate: number;
  readonly updates: number;
  readonly growth: number;
  readonly memoryMb: number;
  readonly cpuShare: number;
}

async function measureLoad(): Promise<Load> {
  const viewer = await startViewerProcess();
  const browser = await Browser.start();
  try {
    const { page } = await browser.visit(viewer.view);
    await page.waitForTimeout(500);
    await page.evaluate(`
      window.updates = 0;
      let last = 0;
      // the counts and the list change one after the other; both are one update
      new MutationObserver(() => {
        if (performance.now() - last < ${APART_MS}) return;
        last = performance.now();
        window.updates += 1;
      }).observe(document.getElementById('app'), { subtree: true, childList: true, characterData: true });
    `);
    const sender = new Sender(`${viewer.http}/v1/traces`);
    const cpu = cpuSecondsOf(viewer.child);
    const begin = performance.now();
    await sender.sendFor((SECONDS / 2) * 1000);
    const half = memoryOf(viewer.child);
    await sender.sendFor((SECONDS / 2) * 1000);
    const seconds = (performance.now() - begin) / 1000;
    const updates = Number(await page.evaluate('window.updates')) / seconds;
    const end = memoryOf(viewer.child);
    const { received } = (await (await fetch(`${viewer.view}/api/state`)).json()) as { received: number };
    const cpuShare = (cpuSecondsOf(viewer.child) - cpu) / seconds;
    return {
      received: received / sender.sent,
      rate: received / seconds,
      updates,
      growth: end / half,
      memoryMb: end / 1e6,
      cpuShare,
    };
  } finally {
    await browser.close();
    viewer.child.kill('SIGTERM');
  }
}

interface ViewerProcess {
  readonly child: ChildProcess;
  readonly view: string;
  readonly http: string;
}

async function startViewerProcess(): Promise<ViewerProcess> {
  const command = ['--import', 'tsx', join(__dirname, '../cli/main.ts'), 'view', '--json', '--traces', String(KEPT_TRACES)];
  const child = spawn(process.execPath, [...command, '--port', '0', '--grpc-port', '0', '--http-port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve) => child.stdout?.once('data', (part) => resolve(String(part))));
  return { child, ...(JSON.parse(line) as { view: string; http: string }) };
}

/** Linux: resident bytes, and processor seconds, of a process. */
const memoryOf = ({ pid }: ChildProcess): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
function cpuSecondsOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Sends one prepared request again and again, with other ids each time. */
class Sender {
  sent = 0;
  readonly #template: string;
  readonly #spans: number;
  #requests = 0;

  constructor(private readonly url: string) {
    const traces = Math.floor(SPANS_PER_SECOND / REQUESTS_PER_SECOND / SPANS_OF_ORDER);
    const spans = Array.from({ length: traces }, (_, at) => order(at + 2, Date.now())).flat();
    this.#spans = spans.length;
    this.#template = JSON.stringify(toOtlpJson(spans));
  }

  /** Sends at the given rate and catches up after a pause, with several requests in flight, as from several services. */
  async sendFor(ms: number): Promise<void> {
    const begin = performance.now();
    const goal = (ms / 1000) * SPANS_PER_SECOND;
    const onTheWay = new Set<Promise<void>>();
    for (let sent = 0; sent < goal; sent += this.#spans) {
      if (onTheWay.size >= SENDERS) await Promise.race(onTheWay);
      const request = this.#send().finally(() => onTheWay.delete(request));
      onTheWay.add(request);
      const early = (sent / SPANS_PER_SECOND) * 1000 - (performance.now() - begin);
      if (early > 0) await wait(early);
    }
    await Promise.all(onTheWay);
  }

  async #send(): Promise<void> {
    this.#requests += 1;
    this.sent += this.#spans;
    // a trace id is 16 zeros and a number; the first half becomes that of the request
    const body = this.#template.replaceAll(
      '"traceId":"0000000000000000',
      `"traceId":"${this.#requests.toString(16).padStart(16, '0')}`,
    );
    const answer = await fetch(this.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    await answer.text();
  }
}

async function measureLargeTrace(): Promise<number> {
  const viewer = await startViewer();
  viewer.add(largeTrace(LARGE_TRACE));
  const browser = await Browser.start();
  try {
    const times: number[] = [];
    const { page } = await browser.visit(viewer.url);
    for (let round = 0; round < ROUNDS; round += 1) {
      await page.goto(viewer.url);
      times.push(await clickToWaterfall(page, traceIdOf(1)));
    }
    return medianOf(times);
  } finally {
    await browser.close();
    await viewer.close();
  }
}

/** A text that many names contain, and one that none contains; searched over the API, as the page does. */
async function measureSearch(): Promise<number> {
  const viewer = await startViewer();
  try {
    for (let at = 1; at <= SEARCHED_TRACES; at += 1) {
      const root = {
        service: `service-${at % 20}`,
        name: `GET /items/${at % 3000}`,
        start: 0,
        ms: at % 500,
        attributes: { item: at },
      };
      viewer.add(traceOf(at, Date.now() + at, root, `m-${at % 100}`));
    }
    const times: number[] = [];
    for (const query of [
      'text=items/29',
      'text=nothing-of-the-kind',
      'attribute=item=777',
      'service=service-3&min=200&order=slowest',
    ]) {
      for (let round = 0; round < ROUNDS; round += 1) {
        const begin = performance.now();
        await (await fetch(`${viewer.url}/api/traces?${query}`)).text();
        times.push(performance.now() - begin);
      }
    }
    return medianOf(times);
  } finally {
    await viewer.close();
  }
}
