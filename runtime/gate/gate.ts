// The process-wide switch. Holds the flag, the roots, the rules and the drop list in force, writes each site's verdict when
// they change, and keeps `idle`, the one boolean that every forwarder reads first, right at all times: it is true only when no
// call can record, whatever its context.

import type { GateSwitch, Site } from '../site/site.js';
import { type Pattern, type Subject, specificity, subjectOf } from './pattern.js';
import { Pins } from './pins.js';
import { matchesAny, type Rule, ruleFor } from './rules.js';

export interface GateSettings {
  enabled: boolean;
  roots: readonly Pattern[];
  rules: readonly Rule[];
  drop: readonly Pattern[];
  remoteParent: 'accept' | 'ignore';
}

export class Gate implements GateSwitch {
  idle = true;
  enabled = false;
  /** True from set-up with somewhere to send to, until shutdown. */
  built = false;
  ignoresRemote = false;
  /** Contexts of others may hold sampled spans that we cannot see: never idle while built. */
  foreignContexts = false;
  /** Span kinds that may start a trace whatever their namespace. */
  rootKinds: readonly number[] = [];
  /** True: some span names are dropped, so that spans of third-party tracers are judged by name too. */
  dropsNames = false;
  /** Called each time that the gate has become idle. */
  onIdle: () => void = () => {};
  readonly pins = new Pins(() => this.refresh());

  #settings: GateSettings = {
    enabled: false,
    roots: [{ kind: 'all', text: '', open: true }],
    rules: [],
    drop: [],
    remoteParent: 'accept',
  };
  #leaky: readonly Pattern[] = [];
  readonly #sites: Iterable<Site>;
  #changes = 0;

  constructor(sites: Iterable<Site>) {
    this.#sites = sites;
  }

  get settings(): Readonly<GateSettings> {
    return this.#settings;
  }

  /** Grows with every change of the effective state. */
  get revision(): number {
    return this.#changes;
  }

  /** Puts new settings in force: each registered site is judged once; calls under way keep the decision of their start. */
  apply(change: Partial<GateSettings>): void {
    this.#settings = { ...this.#settings, ...change };
    this.#changes++;
    this.enabled = this.#settings.enabled;
    this.ignoresRemote = this.#settings.remoteParent === 'ignore';
    this.rootKinds = this.#settings.roots
      .filter((root) => root.kind === 'kind')
      .map((root) => SPAN_KIND_NUMBERS[root.text] as number);
    this.dropsNames = this.#settings.drop.some((pattern) => pattern.kind === 'name');
    if (change.roots ?? change.rules ?? change.drop) for (const site of this.#sites) this.judge(site);
    this.refresh();
  }

  /** Namespaces put under drop because they keep leaking; on top of the settings. */
  dropLeaky(pattern: Pattern): void {
    this.#leaky = [...this.#leaky, pattern];
    this.#changes++;
    for (const site of this.#sites) this.judge(site);
  }

  /** Switches recording on or off as a whole: at set-up and at shutdown. */
  build(built: boolean): void {
    this.built = built;
    this.#changes++;
    this.refresh();
  }

  /** Writes the site's verdict under the settings in force. Called for every site when it is registered. */
  judge(site: Site): void {
    const subject = subjectOf(site);
    const verdict = this.verdict(subject);
    site.dropped = verdict.dropped;
    site.off = verdict.dropped || verdict.ratio === 0;
    site.ratio = verdict.ratio;
    site.root = verdict.root;
  }

  /** What the settings say of a subject; sites cache the answer, spans of third-party tracers with a namespace ask. */
  verdict(subject: Subject): { dropped: boolean; ratio: number; root: boolean } {
    const { drop, rules, roots } = this.#settings;
    return {
      dropped: matchesAny(drop, subject) || matchesAny(this.#leaky, subject),
      ratio: ruleFor(rules, subject)?.ratio ?? 1,
      root: roots.some((root) => specificity(root, subject) >= 0),
    };
  }

  /** Notes that a context with a sampled span of somebody else's has become active. */
  seeSampled(holder: object): void {
    this.pins.hold(holder);
    if (this.idle) this.refresh();
  }

  refresh(): void {
    this.pins.keep(this.built && this.enabled);
    const before = this.idle;
    this.idle = !(this.built && (this.enabled || this.foreignContexts || this.pins.held));
    if (this.idle && !before) this.onIdle();
  }
}

const SPAN_KIND_NUMBERS: Record<string, number> = { internal: 0, server: 1, client: 2, producer: 3, consumer: 4 };
