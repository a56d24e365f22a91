// One process that loads generated modules and calls each of their methods in turn, from the first call on: what it costs to load
// them, and what a call costs while the engine is still compiling. Run by many.ts; prints one line of JSON.

import { STATES, type StateName } from './states.js';

export interface ManyRequest {
  readonly modules: readonly string[];
  /** How many of their methods are called. */
  readonly sites: number;
  readonly state: StateName;
  readonly shape: 'sync' | 'async';
  /** Calls of each method after which a window is measured, ascending. */
  readonly marks: readonly number[];
}

export interface ManyMeasured {
  /** Of loading the modules. */
  readonly loadMs: number;
  readonly heapBytes: number;
  readonly rssBytes: number;
  /** Nanoseconds a call in the tenth of the calls before each mark. */
  readonly window: Readonly<Record<number, number>>;
  /** Nanoseconds a call over all calls until each mark. */
  readonly until: Readonly<Record<number, number>>;
  readonly checksum: number;
}

type SiteObject = { m(a: number, b: number): number | Promise<number> };

async function main(): Promise<void> {
  const request = JSON.parse(process.argv[2] as string) as ManyRequest;
  await STATES[request.state]();
  const collect = (globalThis as { gc?: () => void }).gc ?? (() => {});
  collect();
  const before = process.memoryUsage();
  const loading = instant();
  const loaded = request.modules.flatMap((module) => (require(module) as { sites: SiteObject[] }).sites);
  const loadMs = since(loading);
  collect();
  const after = process.memoryUsage();
  const sites = loaded.slice(0, request.sites);
  const { window, until, checksum } = await (request.shape === 'sync' ? callSync(sites, request) : callAsync(sites, request));
  const measured: ManyMeasured = {
    loadMs,
    heapBytes: after.heapUsed - before.heapUsed,
    rssBytes: after.rss - before.rss,
    window,
    until,
    checksum,
  };
  console.log(JSON.stringify(measured));
}

interface Instant {
  readonly clock: number;
  readonly processor: number;
}

function instant(): Instant {
  const { user, system } = process.cpuUsage();
  return { clock: performance.now(), processor: (user + system) / 1000 };
}

/**
 * Milliseconds of elapsed or of processor time, whichever is less: elapsed time includes other processes, processor time the compiler's
 * threads.
 */
function since(start: Instant): number {
  const { clock, processor } = instant();
  return Math.min(clock - start.clock, processor - start.processor);
}

/** Notes the times at the start of each window and at each mark. */
class Clock {
  readonly window: Record<number, number> = {};
  readonly until: Record<number, number> = {};
  readonly #began = instant();
  #opened = this.#began;

  constructor(
    private readonly sites: number,
    private readonly marks: readonly number[],
  ) {}

  after(call: number): void {
    for (const mark of this.marks) {
      if (call === mark - mark / 10) this.#opened = instant();
      if (call !== mark) continue;
      this.window[mark] = (since(this.#opened) * 1e6) / ((mark / 10) * this.sites);
      this.until[mark] = (since(this.#began) * 1e6) / (mark * this.sites);
    }
  }
}

function callSync(sites: readonly SiteObject[], { marks }: ManyRequest) {
  const clock = new Clock(sites.length, marks);
  let checksum = 0;
  for (let call = 1; call <= (marks[marks.length - 1] as number); call++) {
    for (let site = 0; site < sites.length; site++)
      checksum = (checksum + ((sites[site] as SiteObject).m(call, checksum) as number)) | 0;
    if (call % 100 === 0) clock.after(call);
  }
  return { ...clock, checksum };
}

async function callAsync(sites: readonly SiteObject[], { marks }: ManyRequest) {
  const clock = new Clock(sites.length, marks);
  let checksum = 0;
  for (let call = 1; call <= (marks[marks.length - 1] as number); call++) {
    for (let site = 0; site < sites.length; site++)
      checksum = (checksum + (await (sites[site] as SiteObject).m(call, checksum))) | 0;
    if (call % 100 === 0) clock.after(call);
  }
  return { ...clock, checksum };
}

void main();
