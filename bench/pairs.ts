// Measures variants against each other in paired rounds: every variant lives in a process of its own, and each round times all
// of them one after the other, alternately forwards and backwards, so that other load affects all alike.
// Guarantees that every variant computed the same sum and made exactly the spans that it should have.

import { type ChildProcess, fork } from 'node:child_process';
import type { Answer, Order, WorkerSetup } from './worker.js';

export interface Variant extends WorkerSetup {
  readonly label: string;
  /** Calls of one round: enough for some milliseconds; some 20 to 90 rounds are published. */
  readonly calls: number;
  /** Spans that one call must export. */
  readonly spans: 0 | 1;
}

export interface Plan {
  /** Number of times that all processes are started, because the layout of code and data differs between processes. */
  readonly generations: number;
  readonly rounds: number;
  readonly warmUps: number;
  /** Time limit of all rounds: on a busy machine fewer of them are made, but at least MIN_ROUNDS per set of processes. */
  readonly limitMs: number;
  /** Another Node.js than the one that runs the benchmarks. */
  readonly node?: string;
}

const ANSWER_LIMIT_MS = 120_000;
const MIN_ROUNDS = 4;
const REPEATS = 5;

/** Nanoseconds a call, one number for each round, by label. */
export async function measurePairs(worker: string, variants: readonly Variant[], plan: Plan): Promise<Map<string, number[]>> {
  requireDistinct(variants);
  const samples = new Map<string, number[]>(variants.map(({ label }) => [label, []]));
  for (let generation = 0; generation < plan.generations; generation++) {
    const subjects = await startAll(worker, variants, [], plan.node);
    try {
      await agreeOnChecksums(subjects);
      const until = performance.now() + plan.limitMs / plan.generations;
      for (let round = -plan.warmUps; round < plan.rounds; round++) {
        if (round >= MIN_ROUNDS && performance.now() > until) break;
        for (const subject of round % 2 === 0 ? subjects : [...subjects].reverse()) {
          const answer = await subject.ask({ kind: 'time', calls: subject.variant.calls });
          subject.expectSpans(answer);
          if (round >= 0) samples.get(subject.variant.label)?.push(answer.value);
        }
      }
    } finally {
      for (const subject of subjects) subject.end();
    }
  }
  return samples;
}

/** The smallest of several answers of each variant to one order, in new processes that were warmed up first. */
export async function measureOnce(
  worker: string,
  variants: readonly Variant[],
  order: Order,
  flags: readonly string[],
): Promise<Map<string, number>> {
  const subjects = await startAll(worker, variants, flags);
  try {
    await agreeOnChecksums(subjects);
    const values = new Map<string, number>();
    for (const subject of subjects) {
      for (let warmUp = 0; warmUp < 3; warmUp++) await subject.ask({ kind: 'time', calls: subject.variant.calls });
      const answers: number[] = [];
      for (let repeat = 0; repeat < REPEATS; repeat++) answers.push((await subject.ask(order)).value);
      // The engine's own allocations, for compilation for example, only ever add.
      values.set(subject.variant.label, Math.min(...answers));
    }
    return values;
  } finally {
    for (const subject of subjects) subject.end();
  }
}

function requireDistinct(variants: readonly Variant[]): void {
  if (new Set(variants.map(({ label }) => label)).size !== variants.length) throw new Error('bench: two variants have one label');
}

async function startAll(
  worker: string,
  variants: readonly Variant[],
  flags: readonly string[] = [],
  node = process.execPath,
): Promise<Subject[]> {
  const subjects = variants.map((variant) => new Subject(worker, variant, flags, node));
  try {
    await Promise.all(subjects.map((subject) => subject.ready));
  } catch (error) {
    for (const subject of subjects) subject.end();
    throw error;
  }
  return subjects;
}

/** Every call counts towards the sum, and all flavours compute the same: a difference means that calls were left out. */
async function agreeOnChecksums(subjects: readonly Subject[]): Promise<void> {
  let expected: Answer | undefined;
  for (const subject of subjects) {
    const answer = await subject.ask({ kind: 'time', calls: 4096 });
    expected ??= answer;
    if (answer.checksum !== expected.checksum || answer.checksum === 0) {
      throw new Error(
        `bench: "${subject.variant.label}" computed ${answer.checksum} where the first variant computed ${expected.checksum}`,
      );
    }
    subject.expectSpans(answer);
  }
}

class Subject {
  readonly ready: Promise<Answer>;
  readonly #child: ChildProcess;
  #stderr = '';

  constructor(
    worker: string,
    readonly variant: Variant,
    flags: readonly string[],
    node: string,
  ) {
    const { module, state, parent, shape, bursts, callSites } = variant;
    const setup: WorkerSetup = { module, state, parent, shape, bursts, callSites };
    // The environment of the person who runs the benchmark must not configure the measured programs.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(OTEL|SPANWRIGHT|DD_|SENTRY|NODE_OPTIONS)/.test(name)),
    );
    this.#child = fork(worker, [JSON.stringify(setup)], {
      execPath: node,
      execArgv: [...flags],
      env,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk;
    });
    this.ready = this.#answer();
  }

  ask(order: Order): Promise<Answer> {
    this.#child.send(order);
    return this.#answer();
  }

  expectSpans({ spans, calls }: Answer): void {
    const expected = this.variant.spans * calls;
    if (spans !== expected) {
      throw new Error(`bench: "${this.variant.label}" exported ${spans} spans in ${calls} calls, expected ${expected}`);
    }
  }

  end(): void {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
  }

  #answer(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#child.off('message', onMessage).off('exit', onExit);
      };
      const onMessage = (answer: unknown): void => {
        settle();
        resolve(answer as Answer);
      };
      const onExit = (code: number | null): void => {
        settle();
        reject(new Error(`bench: the process of "${this.variant.label}" ended with status ${code}:\n${this.#stderr}`));
      };
      const timer = setTimeout(() => {
        settle();
        reject(new Error(`bench: "${this.variant.label}" did not answer within ${ANSWER_LIMIT_MS / 1000} s\n${this.#stderr}`));
      }, ANSWER_LIMIT_MS);
      this.#child.once('message', onMessage).once('exit', onExit);
    });
  }
}
