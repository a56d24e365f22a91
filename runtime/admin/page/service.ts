// A running service as the page sees it: the answers of its admin hook, read once a second while somebody looks, and the changes asked of
// it. The admin page asks its own origin; the viewer asks through its own API.

import { batch, computed, type Signal, signal } from '@preact/signals';
import type { CallSample } from '../../site/statistics.js';
import type { Lease, NamespaceReport, OpenSpanReport, SiteReport, SpanCounts, TracingState } from '../../tracing.js';
import { growTree, withoutSeparator } from './tree.js';

export type State = TracingState & { readonly now: string };
export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** One request to the hook. @throws Refused */
export type Ask = (path: string, method: Method, body?: object) => Promise<unknown>;

/** A request that was not answered, or answered with an error. */
export class Refused extends Error {
  /** @param status 0 when nothing answered. @param field the field of the form that the message is about. */
  constructor(
    readonly status: number,
    message: string,
    readonly field?: string,
  ) {
    super(message);
  }
}

export interface Health {
  readonly exporter: { readonly state: string } & Pick<
    SpanCounts,
    'exported' | 'dropped' | 'failed' | 'sampledOut' | 'queued'
  > & {
      readonly endpoint: string | null;
    };
}

interface OpenSpans {
  readonly total: number;
  readonly spans: readonly OpenSpanReport[];
}

interface Errors {
  readonly total: number;
  readonly errors: readonly CallSample[];
}

interface Namespaces {
  readonly namespaces: readonly NamespaceReport[];
}

interface Look {
  readonly at: number;
  readonly started: number;
  readonly health: Health;
  readonly calls: ReadonlyMap<string, number>;
}

interface Message {
  readonly kind: 'good' | 'bad';
  readonly text: string;
  /** A change's message stays until the next change; that of a failed reading disappears with the next reading that succeeds. */
  readonly from: 'reading' | 'change';
}

const READ_EVERY_MS = 1000;
/** Rates are over this many readings. */
const LOOKS = 5;
const MOST_FUNCTIONS = 200;
const MOST_OPENED = 12;

export class Service {
  readonly state: Signal<State | undefined> = signal(undefined);
  readonly health: Signal<Health | undefined> = signal(undefined);
  readonly openSpans: Signal<OpenSpans | undefined> = signal(undefined);
  readonly errors: Signal<Errors | undefined> = signal(undefined);
  readonly namespaces: Signal<Namespaces | undefined> = signal(undefined);
  readonly functions: Signal<ReadonlyMap<string, readonly SiteReport[]>> = signal(new Map());
  readonly opened: Signal<ReadonlyMap<string, boolean>> = signal(new Map());
  readonly looks: Signal<readonly Look[]> = signal([]);
  readonly message: Signal<Message | undefined> = signal(undefined);
  readonly changing = signal(false);
  readonly tree = computed(() => growTree(this.namespaces.value?.namespaces ?? []));
  /** Milliseconds of the service's clock minus those of this page's monotonic clock. */
  #skew = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reading = false;
  #again = false;
  #closed = false;

  constructor(readonly ask: Ask) {}

  /** The time by the service's clock, which may differ from the reader's. */
  now(): number {
    return performance.now() + this.#skew;
  }

  /** Reads once a second until `close()`, and not while the page is hidden. */
  watch(): void {
    document.addEventListener('visibilitychange', this.#onVisible);
    void this.read();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#onVisible);
  }

  readonly #onVisible = (): void => {
    if (!document.hidden) void this.read();
  };

  async read(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    try {
      await this.#readAll();
      if (this.message.value?.from === 'reading') this.message.value = undefined;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.message.value = { kind: 'bad', text: error.message, from: 'reading' };
    } finally {
      this.#reading = false;
      if (this.#closed) this.#again = false;
      else if (this.#again) {
        this.#again = false;
        void this.read();
      } else if (!document.hidden) this.#timer = setTimeout(() => void this.read(), READ_EVERY_MS);
    }
  }

  async #readAll(): Promise<void> {
    // Sent alone and first, so that a wrong token is refused, and counted, once.
    const state = (await this.ask('state', 'GET')) as State;
    const [openSpans, errors, health, namespaces] = await Promise.all([
      this.ask('spans/open?limit=100', 'GET') as Promise<OpenSpans>,
      this.ask('errors?limit=20', 'GET') as Promise<Errors>,
      this.ask('health', 'GET') as Promise<Health>,
      this.ask('namespaces?limit=1000', 'GET') as Promise<Namespaces>,
    ]);
    batch(() => {
      this.#skew = Date.parse(state.now) - performance.now();
      this.state.value = state;
      this.openSpans.value = openSpans;
      this.errors.value = errors;
      this.health.value = health;
      this.namespaces.value = namespaces;
    });
    await this.#readFunctions();
    const look = { at: performance.now(), started: state.spans.started, health, calls: this.#calls() };
    this.looks.value = [...this.looks.value, look].slice(-LOOKS);
  }

  /** Opens or closes a row of the tree, and loads the functions of an opened namespace. */
  async toggle(path: string, open: boolean): Promise<void> {
    this.opened.value = new Map(this.opened.value).set(path, open);
    await this.#readFunctions().catch(() => undefined);
  }

  async #readFunctions(): Promise<void> {
    const all = this.namespaces.value?.namespaces ?? [];
    const wanted = all.filter(({ namespace }) => this.opened.value.get(withoutSeparator(namespace))).slice(0, MOST_OPENED);
    const found = wanted.map(async ({ namespace }): Promise<[string, readonly SiteReport[]]> => {
      const path = `sites?sort=calls&limit=${MOST_FUNCTIONS}&prefix=${encodeURIComponent(namespace)}`;
      const { sites } = (await this.ask(path, 'GET')) as { sites: readonly SiteReport[] };
      return [namespace, sites.filter((site) => site.namespace === namespace)];
    });
    this.functions.value = new Map(await Promise.all(found));
  }

  #calls(): Map<string, number> {
    const calls = new Map<string, number>();
    const rows = [this.tree.value];
    for (const row of rows) {
      calls.set(row.path, row.calls);
      rows.push(...row.children.values());
    }
    for (const sites of this.functions.value.values()) for (const site of sites) calls.set(`site ${site.id}`, site.calls);
    return calls;
  }

  /** Calls per second of a row over the last readings. */
  rateOf(path: string, calls: number): number {
    const first = this.looks.value.find((look) => look.calls.has(path));
    const last = this.looks.value.at(-1);
    if (first === undefined || last === undefined || first === last) return 0;
    const before = first.calls.get(path) ?? 0;
    // after a restart the count begins again
    const grown = calls < before ? calls : calls - before;
    return grown / Math.max(0.001, (last.at - first.at) / 1000);
  }

  /** Asks for a change. @param done the message about its answer, shown as an error when the change was made with warnings. */
  async change<Answer>(
    path: string,
    method: 'PUT' | 'POST' | 'DELETE',
    body: object | undefined,
    done: (answer: Answer) => { readonly text: string; readonly warnings?: readonly string[] },
  ): Promise<void> {
    if (this.changing.value) return;
    this.changing.value = true;
    try {
      const { text, warnings = [] } = done((await this.ask(path, method, body)) as Answer);
      const kind = warnings.length === 0 ? 'good' : 'bad';
      this.message.value = { kind, text: [text, ...warnings].join(' '), from: 'change' };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.message.value = { kind: 'bad', text: error.message, from: 'change' };
      const field = error.status === 401 ? 'token' : error.field;
      if (field !== undefined) document.getElementById(field)?.focus();
    } finally {
      this.changing.value = false;
      void this.read();
    }
  }
}

/** The lease that holds the flag, if one does. */
export const leaseOfFlag = ({ leases }: State): Lease | undefined => leases.findLast(({ kind }) => kind === 'enabled');
