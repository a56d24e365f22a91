// The process-wide switch. Holds the flag, the roots, the rules and the drop list in force, writes each site's verdict when
// they change, and keeps `idle`, the one boolean that every forwarder reads first, always exact: it is true only when no call can
// record, in any context.

import type { Context, Span, SpanContext, SpanKind } from '@opentelemetry/api';
import { clearInterval, setInterval, unref } from '../captured.js';
import { SPAN_KEY } from '../context/layer.js';
import { isLocal, isSampled } from '../context/origin.js';
import { watchHeaders } from '../context/request-headers.js';
import type { When } from '../site/condition.js';
import type { GateSwitch, Site } from '../site/site.js';
import { mayFulfil, neededArgument } from './admission.js';
import { LifetimeTokens } from './lifetime-tokens.js';
import type { Pattern, Subject } from './pattern.js';
import { RemoteRoots } from './remote-roots.js';
import { type SignedRequestSettings, SignedRequests } from './signed-requests.js';
import { TICK_MS, TracesUnderWay } from './under-way.js';
import { type GateSettings, kindsOf, type Verdict, Verdicts } from './verdicts.js';

/** A third-party sampled context counts for this long after it was last seen, unless garbage collection has taken it before. */
const FOREIGN_TICKS = (10 * 60_000) / TICK_MS;

const EVERYWHERE: Pattern = { kind: 'all', text: '', open: true };

export class Gate implements GateSwitch {
  idle = true;
  enabled = false;
  /** True from set-up with somewhere to send to, until shutdown. */
  built = false;
  ignoresRemote = false;
  /** Third-party contexts may hold sampled spans that Spanwright cannot see, so the gate is never idle while built. */
  foreignContexts = false;
  /** Span kinds that may start a trace in any namespace. */
  rootKinds: readonly number[] = [];
  /** True: some span names are dropped, so that spans of third-party tracers are judged by name too. */
  dropsNames = false;
  /** Attributes of the resource, as far as they are known. */
  resourceAttributes: () => Readonly<Record<string, unknown>> = () => ({});
  /** Called each time that the gate has become idle. */
  onIdle: () => void = () => {};
  /** Called each time that `calls.idle` has changed. */
  onSwitch: (idle: boolean) => void = () => {};
  /** True: calls that are not recorded are written into the ring of the flight recorder. */
  #flies = false;
  /** Read by forwarders: idle when no call can record, and the flight recorder does not run. */
  readonly calls: { idle: boolean } = { idle: true };
  /**
   * Read instead by forwarders of sites with a `parent` option: the parent may come with the arguments. Idle when nothing is built,
   * or when the gate is idle and remote parents are ignored.
   */
  readonly entry: { idle: boolean } = { idle: true };
  readonly underWay = new TracesUnderWay();
  readonly remoteRoots = new RemoteRoots();
  readonly signedRequests = new SignedRequests();
  /** Tokens of local traces. */
  readonly traces = new LifetimeTokens(() => this.refresh());
  /** Tokens of sampled third-party contexts. */
  readonly foreignTokens = new LifetimeTokens(() => this.refresh());

  #settings: GateSettings = {
    enabled: false,
    roots: [EVERYWHERE],
    marks: true,
    conditional: [],
    capturable: [],
    captures: [],
    rules: [],
    drop: [],
    remoteParent: 'accept',
  };
  #leaky: readonly Pattern[] = [];
  #verdicts = new Verdicts(this.#settings, () => undefined);
  readonly #sites: Iterable<Site>;
  #changes = 0;
  /** Tick in which a third-party sampled context was last seen. */
  #foreignSeenAt = 0;
  #timer: NodeJS.Timeout | undefined;

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
    this.rootKinds = kindsOf(this.#settings.roots);
    this.dropsNames = this.#settings.drop.some((pattern) => pattern.kind === 'name');
    if (change.roots ?? change.conditional ?? change.captures ?? change.rules ?? change.drop) this.#judgeAll();
    this.refresh();
  }

  /** Namespaces put under drop because they keep leaking; on top of the settings, until the next set-up. */
  dropLeaky(pattern: Pattern): void {
    if (this.#leaky.some(({ kind, text }) => kind === pattern.kind && text === pattern.text)) return;
    this.#leaky = [...this.#leaky, pattern];
    this.#changes++;
    this.#judgeAll();
  }

  /** Switches recording on or off as a whole: at set-up and at shutdown. */
  build(built: boolean): void {
    this.built = built;
    if (!built) this.recordSigned(undefined);
    this.#changes++;
    this.underWay.close();
    if (this.#leaky.length > 0) {
      this.#leaky = [];
      this.#judgeAll();
    }
    this.refresh();
  }

  #judgeAll(): void {
    this.#watchHeaders();
    const drop = [...this.#settings.drop, ...this.#leaky];
    this.#verdicts = new Verdicts({ ...this.#settings, drop }, (name) => this.resourceAttributes()[name]);
    for (const site of this.#sites) this.judge(site);
  }

  /** @param settings undefined: no request is recorded for its header */
  recordSigned(settings: SignedRequestSettings | undefined): void {
    this.signedRequests.restart(settings);
    this.#watchHeaders();
  }

  /** Lets calls reach the recorder even while nothing records, for the flight recorder. */
  fly(flies: boolean): void {
    this.#flies = flies;
    this.refresh();
  }

  #watchHeaders(): void {
    const conditions = this.#settings.conditional.flatMap(({ when }) => when);
    const named = conditions.flatMap(({ source, name }) => (source === 'header' ? [name] : []));
    const { header } = this.signedRequests;
    watchHeaders(header === undefined ? named : [...named, header]);
  }

  /** Writes the site's verdict under the settings in force. Called for every site when it is registered. */
  judge(site: Site): void {
    const { rootMark, level } = site.options;
    const verdict = this.#verdicts.of(site, rootMark === 'always');
    site.dropped = verdict.dropped;
    site.off = verdict.dropped || verdict.ratio === 0 || level < verdict.level;
    site.ratio = verdict.ratio;
    site.capture = this.#verdicts.captureAt(site);
    if (site.never) {
      site.root = false;
      site.when = undefined;
      site.needs = undefined;
      site.starts = false;
      return;
    }
    const when = this.#verdicts.conditional ? this.#whenAt(site, verdict) : verdict.when;
    site.root = verdict.root || when.some(({ length }) => length === 0);
    site.when = when.length === 0 ? undefined : when;
    const isOpen = site.root || this.rootKinds.includes(site.kind);
    site.needs = isOpen ? undefined : neededArgument(site, when);
    site.starts = !site.off && (isOpen || site.when !== undefined);
  }

  #whenAt(site: Site, { when }: Verdict): readonly When[] {
    return [...when, ...this.whenOfKind(site.kind)].filter((conditions) => mayFulfil(site, conditions));
  }

  /** The decision of the settings for a span of a third-party tracer. */
  verdict(subject: Subject): Verdict {
    return this.#verdicts.of(subject);
  }

  /** Alternatives under which any span of the kind may start a trace. */
  whenOfKind(kind: SpanKind): readonly When[] {
    return this.#verdicts.whenOfKind(kind);
  }

  /**
   * Examines a context that becomes active or is passed explicitly. With a sampled third-party span, or the headers of a signed
   * request, calls may record regardless of the flag.
   */
  see(context: Context): void {
    if (!this.built) return;
    const span = context.getValue(SPAN_KEY) as Span | undefined;
    const isKept = span !== undefined && !isLocal(span) && isSampled(span.spanContext());
    if (!isKept && !this.signedRequests.marks(context)) return;
    this.foreignTokens.hold(context);
    this.#foreignSeenAt = this.underWay.tick;
    if (this.idle) this.refresh();
  }

  /** True when a local root under a sampled remote parent may be recorded: always while on, within a rate while off. */
  admitsRemote(parent: SpanContext): boolean {
    return this.enabled || parent.isRemote !== true || this.remoteRoots.admit(parent);
  }

  refresh(): void {
    const on = this.built && this.enabled;
    this.traces.keep(on);
    const before = this.idle;
    const callsBefore = this.calls.idle;
    this.idle = !(on || (this.built && (this.foreignContexts || this.#awaits())));
    this.calls.idle = this.idle && !this.#flies;
    this.entry.idle = this.calls.idle && (!this.built || this.ignoresRemote);
    this.#keepTime(!on && !this.idle);
    if (this.calls.idle !== callsBefore) this.onSwitch(this.calls.idle);
    if (this.idle && !before) this.onIdle();
  }

  /** True while the flag is off and a call in some context may record all the same. */
  #awaits(): boolean {
    return (
      (this.traces.held && this.underWay.any) ||
      (this.foreignTokens.held && this.underWay.tick - this.#foreignSeenAt <= FOREIGN_TICKS)
    );
  }

  #keepTime(running: boolean): void {
    if (running === (this.#timer !== undefined)) return;
    clearInterval(this.#timer);
    this.#timer = running ? unref(setInterval(() => this.pass(), TICK_MS)) : undefined;
  }

  /** Counts one tick, which passes only while the flag is off. */
  pass(): void {
    this.underWay.tick++;
    this.refresh();
  }
}
