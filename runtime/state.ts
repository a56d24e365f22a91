// State that all loaded copies of this package in a process share (CommonJS and ES modules, two versions of the
// same contract): it lives under one versioned symbol of the global registry.

import { Gate } from './gate/gate.js';
import { HookRequests } from './open/hook-requests.js';
import { SessionBook } from './open/session-book.js';
import { OpenTable } from './open/table.js';
import type { MarkedParameter } from './site/options.js';
import { SiteRegistry } from './site/registry.js';
import { RecentErrors } from './site/statistics.js';
import { MadeFunctions, ModuleTables } from './site/tables.js';
import { FlightRecorder } from './span/flight.js';
import type { Recorder } from './span/recorder.js';
import type { Tracing } from './tracing.js';

export interface ProcessState {
  readonly gate: Gate;
  readonly sites: SiteRegistry;
  /** Modules whose functions have a prologue. */
  readonly tables: ModuleTables;
  readonly open: OpenTable;
  readonly sessions: SessionBook;
  readonly recentErrors: RecentErrors;
  /** Address of the admin hook, for the resource. `own`: its loopback address; else as the user announced it. */
  announcedHook: { readonly url: string; readonly own: boolean } | undefined;
  /** Requests that the admin hook answers. */
  readonly hookRequests: HookRequests;
  /** Present while tracing is built. */
  recorder: Recorder | undefined;
  /** Writes calls that are not recorded into a ring, while it runs. */
  readonly flight: FlightRecorder;
  /** The result of startTracing, until its shutdown. */
  tracing: Tracing | undefined;
  /** True from the first startTracing() or createSampler() on, also after its shutdown. */
  wasStarted: boolean;
  /** Sites whose decorator ran without a transformer's record. */
  untransformed: number;
  readonly made: MadeFunctions;
  /** Parameters with `@record`, by prototype or class and by method. */
  readonly marked: WeakMap<object, Map<string | symbol, readonly MarkedParameter[]>>;
  /** Functions that `@instrument.skip` leaves out of their class. */
  readonly skipped: WeakSet<object>;
}

const KEY = Symbol.for('spanwright.state.1');

function create(): ProcessState {
  const tables = new ModuleTables();
  const sites = new SiteRegistry(() => tables.createSites());
  const gate = new Gate(sites.created);
  gate.onSwitch = (idle) => tables.switch(idle);
  return {
    gate,
    sites,
    tables,
    open: new OpenTable(),
    sessions: new SessionBook(),
    recentErrors: new RecentErrors(),
    announcedHook: undefined,
    hookRequests: new HookRequests(),
    recorder: undefined,
    flight: new FlightRecorder(),
    tracing: undefined,
    wasStarted: false,
    untransformed: 0,
    made: new MadeFunctions(tables),
    marked: new WeakMap(),
    skipped: new WeakSet(),
  };
}

const holder = globalThis as { [KEY]?: ProcessState };
holder[KEY] ??= create();

export const state: ProcessState = holder[KEY];
