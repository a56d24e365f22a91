// The tracing of this process, running: effective state from configuration and leases, reports as plain data, and an orderly
// end. Made by startTracing(); the admin hook, the CLI and users' code see it as Tracing.

import type { LoadedConfiguration } from '../config/load.js';
import { InvalidArgumentError, PermissionDeniedError } from '../errors.js';
import { guarded } from '../fault.js';
import { LeaseBook } from '../gate/lease.js';
import { checkOptions, readText } from '../gate/lease-options.js';
import { parseDrop, parseRoots, parseRules, printPatterns, printRules } from '../gate/rules.js';
import { unmatchedPatterns, unrecordedNames } from '../gate/unmatched.js';
import type { GateSettings } from '../gate/verdicts.js';
import { printWhen } from '../gate/when.js';
import { linkWorkers, type SharedSettings, type WorkerLink } from '../gate/workers.js';
import { endAbandoned } from '../open/abandoned.js';
import { openByNamespace, prometheusText } from '../open/metrics.js';
import { endLeaked } from '../open/watchdog.js';
import type { CallSample } from '../site/statistics.js';
import { hiddenNames } from '../span/redact.js';
import type { ProcessState } from '../state.js';
import type {
  Duration,
  FlightDump,
  Lease,
  LeaseOptions,
  NamespaceReport,
  OpenSpanReport,
  SitePage,
  SiteQuery,
  SiteReport,
  SpanCounts,
  Tracing,
  TracingState,
} from '../tracing.js';
import { VERSION } from '../version.js';
import { type Notice, noticesAboutOthers } from '../warnings.js';
import { within } from '../within.js';
import type { Built } from './built.js';
import { changeOf, fromConfiguration, withLeases } from './effective.js';
import type { FlightDumps } from './flight.js';
import { readFlushLimit } from './flush-limit.js';
import { readOpenQuery, readPrefix, readSiteQuery } from './report-options.js';
import { countSpans, reportOpenSpan, whyNothingIsSent } from './reports.js';
import { pageOfSites, reportNamespaces, reportSites } from './site-pages.js';

/** The parts of a shutdown end by the limit themselves, and then report what is lost. */
const GRACE_MS = 500;

export class LiveTracing implements Tracing {
  readonly leaseBook: LeaseBook;
  readonly #startedAt = new Date().toISOString();
  #built: Built | undefined;
  flight: FlightDumps | undefined;
  #undo: readonly (() => void)[] = [];
  readonly #hides: ((name: string) => boolean) | undefined;
  #ending: Promise<void> | undefined;
  #workers: WorkerLink | undefined;
  /** In a worker thread: the settings of the main thread without its leases. */
  #base: GateSettings | undefined;

  constructor(
    private readonly process: ProcessState,
    private readonly loaded: LoadedConfiguration,
    private readonly endpoint: string | null,
    notice: Notice,
  ) {
    this.#hides = hiddenNames(loaded.configuration.redact);
    this.leaseBook = new LeaseBook(
      () => process.open.started,
      () => this.#putInForce(),
      (end) => {
        if (end.cause === 'shutdown') return;
        const now = this.enabled ? 'on' : 'off';
        notice('SPW012', `${end.kind} ${String(end.value)} (lease ${end.id}): ${end.cause}; tracing is now ${now}`);
      },
      this.#hides,
    );
  }

  /** Called once by startTracing, when everything is registered. */
  attach(built: Built | undefined): void {
    this.#built = built;
    this.process.gate.apply(fromConfiguration(this.loaded.configuration));
    this.process.gate.build(built !== undefined);
    if (built !== undefined)
      this.#workers = linkWorkers(
        () => this.#shared(),
        (settings) => this.#follow(settings),
      );
  }

  /** For a set-up that has built nothing. */
  undoAtShutdown(undo: readonly (() => void)[]): void {
    this.#undo = undo;
  }

  get enabled(): boolean {
    this.leaseBook.passTime();
    return this.process.gate.enabled;
  }

  get openCount(): number {
    endAbandoned(this.process.open);
    return this.process.open.count;
  }

  setEnabled(value: boolean, options: LeaseOptions = {}): Lease {
    this.#mayChange();
    if (options?.capture !== undefined && this.loaded.configuration.allowCapture === 'none')
      throw new PermissionDeniedError(
        'Capturing values is refused: allow_capture is "none". Name the namespaces whose values may be captured, and start the service again.',
      );
    return this.leaseBook.begin({ kind: 'enabled', value }, options, ({ only, when }) => [
      ...(value && this.#built === undefined ? [whyNothingIsSent(this.endpoint)] : []),
      ...(only === null ? [] : unmatchedPatterns(parseRoots(only), this.process.sites)),
      ...(when === null ? [] : unrecordedNames(when, this.process.sites, this.process.gate.resourceAttributes)),
    ]);
  }

  setRules(text: string, options: LeaseOptions = {}): Lease {
    this.#mayChange();
    const rules = parseRules(text);
    const value = printRules(rules);
    return this.leaseBook.begin({ kind: 'rules', value }, options, () =>
      unmatchedPatterns(
        rules.map((rule) => rule.pattern),
        this.process.sites,
      ),
    );
  }

  setDrop(text: string, options: LeaseOptions = {}): Lease {
    this.#mayChange();
    const patterns = parseDrop(text);
    return this.leaseBook.begin({ kind: 'drop', value: printPatterns(patterns, '') }, options, () =>
      unmatchedPatterns(patterns, this.process.sites),
    );
  }

  leases(): readonly Lease[] {
    this.leaseBook.passTime();
    return this.leaseBook.list();
  }

  endLease(id: string, _actor?: string): boolean {
    this.#mayChange();
    return this.leaseBook.end(id, 'ended');
  }

  state(): TracingState {
    this.leaseBook.passTime();
    const { gate, sites } = this.process;
    const { configuration, values } = this.loaded;
    const { roots, conditional, rules, drop, remoteParent } = gate.settings;
    return {
      enabled: gate.enabled,
      recording: gate.enabled && gate.built,
      configured: configuration.enabled,
      built: this.#built !== undefined,
      endpoint: this.endpoint,
      exportedBy: this.#built === undefined ? 'none' : this.process.recorder?.defersRatio === true ? 'sdk' : 'spanwright',
      notices: noticesAboutOthers(),
      serviceName: configuration.serviceName,
      allowRuntimeChanges: configuration.allowRuntimeChanges,
      remoteParent,
      roots: printPatterns(roots, 'none'),
      conditionalRoots: conditional.map((at) => ({
        roots: printPatterns(at.roots, 'none'),
        when: printWhen(at.when, this.#hides),
      })),
      rules: printRules(rules),
      drop: printPatterns(drop, ''),
      leases: this.leaseBook.list(),
      lastEnded: this.leaseBook.lastEnded,
      spans: this.counts(),
      signedRequests: gate.signedRequests.counts(),
      openByNamespace: openByNamespace(sites),
      sites: sites.size,
      revision: gate.revision,
      version: VERSION,
      pid: globalThis.process.pid,
      startedAt: this.#startedAt,
      configuration: values,
    };
  }

  sites(prefix = ''): SiteReport[] {
    return reportSites(this.process.sites, readPrefix(prefix));
  }

  sitePage(query: SiteQuery = {}): SitePage {
    return pageOfSites(this.process.sites, readSiteQuery(query));
  }

  namespaces(prefix = ''): NamespaceReport[] {
    return reportNamespaces(this.process.sites, readPrefix(prefix));
  }

  openSpans(options: { limit?: number; attributes?: boolean } = {}): OpenSpanReport[] {
    const { limit, attributes } = readOpenQuery(options);
    endAbandoned(this.process.open);
    const reports: OpenSpanReport[] = [];
    for (const span of this.process.open) {
      if (reports.length >= limit) break;
      reports.push(reportOpenSpan(span, attributes));
    }
    return reports;
  }

  async dump(reason?: string): Promise<FlightDump> {
    if (this.flight !== undefined) return await this.flight.dump(readText('reason', reason) || 'dump');
    throw new InvalidArgumentError(
      'flight_recorder',
      'There is nothing to dump: flight_recorder is not set. Set it, for example to "30s", and start the service again.',
    );
  }

  recentErrors(): CallSample[] {
    return this.process.recentErrors.list();
  }

  metrics(options: { openMetrics?: boolean } = {}): string {
    checkOptions(options);
    const { openMetrics = false } = options;
    const { openSpansMetric: openName } = this.loaded.configuration;
    return prometheusText(this.counts(), this.process.sites, { enabled: this.enabled, openName, openMetrics });
  }

  async forceFlush(options?: { timeout?: Duration }): Promise<void> {
    this.#workers?.receive();
    await this.process.recorder?.forceFlush(readFlushLimit(options));
  }

  onSignal(signal: string): Promise<void> | undefined {
    return this.flight?.atSignal(signal);
  }

  reportLost(when: string): void {
    this.#built?.reportLost?.(when);
  }

  shutdown(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    const { process } = this;
    this.leaseBook.endAll('shutdown');
    process.gate.build(false);
    guarded('shutdown', () => process.sessions.endAll('shutdown'))();
    for (const span of process.open) {
      process.open.leaked++;
      endLeaked(span, 'shutdown');
    }
    this.#workers?.close();
    const { recorder } = process;
    for (const undo of this.#built?.undo ?? this.#undo) guarded('shutdown', undo)();
    try {
      if (recorder !== undefined)
        await within(this.loaded.configuration.shutdownTimeout + GRACE_MS, recorder.shutdown(), () => {});
    } finally {
      process.recorder = undefined;
      process.tracing = undefined;
    }
  }

  counts(): SpanCounts {
    return countSpans(this.process, this.#built?.counts.counts);
  }

  #mayChange(): void {
    if (this.#ending !== undefined)
      throw new PermissionDeniedError('Changes are refused: this tracing has been shut down. Use the handle of the running one.');
    if (this.loaded.configuration.allowRuntimeChanges) return;
    throw new PermissionDeniedError(
      'Changes while the service runs are refused: allow_runtime_changes is false. Change the configuration and start the service again.',
    );
  }

  #putInForce(): void {
    const { gate } = this.process;
    gate.apply(changeOf(gate.settings, withLeases(this.#configured(), this.leaseBook)));
    this.#workers?.publish();
  }

  #configured(): GateSettings {
    return this.#base ?? fromConfiguration(this.loaded.configuration);
  }

  #shared(): SharedSettings {
    const { remoteParent: _own, ...configured } = this.#configured();
    return { configured, leases: this.leaseBook.inForce() };
  }

  #follow(shared: SharedSettings): void {
    this.#base = { ...fromConfiguration(this.loaded.configuration), ...shared.configured };
    this.leaseBook.inherit(shared.leases);
  }
}
