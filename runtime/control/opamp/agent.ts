// The service as an OpAMP agent (OpenTelemetry's protocol for managing a fleet): reports to a server its resource, its
// effective configuration and its health, and applies the remote configuration as leases that this process ends by its own clock. Started
// by startTracing() where `opamp_endpoint` is set. Never throws and does not keep the process running; what a server sends is bounded in
// size and rate.

import { randomBytes } from 'node:crypto';
import { type Attributes, context } from '@opentelemetry/api';
import { clearInterval, clearTimeout, max, min, now, setInterval, setTimeout, unref, wallClock } from '../../captured.js';
import { SILENCED } from '../../context/layer.js';
import type { Certificates } from '../../export/certificates.js';
import { guarded } from '../../fault.js';
import type { SpanCounts, Tracing, TracingState } from '../../tracing.js';
import { type Control, Follower } from '../follower.js';
import { HttpLink } from './http-link.js';
import type { Link, LinkEvents, LinkOptions } from './link.js';
import {
  type AgentToServer,
  APPLIED,
  CAPABILITIES,
  decodeServerToAgent,
  encodeAgentToServer,
  FAILED,
  type RemoteConfigStatus,
  type ServerToAgent,
} from './messages.js';
import { putInForce } from './remote-configuration.js';
import { describe, effectiveConfig, healthOf } from './report.js';

interface OpampOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly certificates: Certificates;
  /** Milliseconds between two reports; over HTTP also the longest wait for a change. */
  readonly interval: number;
  /** Resolves with the attributes of the resource. */
  readonly resource: () => Promise<Attributes>;
}

/** Parts of the state that the server may not have yet. */
type Part = 'description' | 'health' | 'effectiveConfig' | 'remoteConfigStatus';
const ALL: readonly Part[] = ['description', 'health', 'effectiveConfig', 'remoteConfigStatus'];

/** Milliseconds between two messages, and between two changes, however many the server asks for. */
const SEND_GAP = 100;
const CHANGE_GAP = 500;
const FIRST_RETRY = 500;
const LONGEST_RETRY = 30_000;
const LONGEST_WAIT = 10 * 60_000;
const REASON_LENGTH = 1000;

class OpampAgent implements Control {
  readonly #follower: Follower;
  readonly #link: Link;
  #instance = createInstance();
  #sequence = 0;
  readonly #due = new Set<Part>(ALL);
  #isDue = true;
  #description: Attributes | undefined;
  /** Revision of the state whose effective configuration the server has. */
  #sentRevision = -1;
  #counts: SpanCounts | undefined;
  #status: RemoteConfigStatus | undefined;
  #offered: ServerToAgent['remoteConfig'];
  #lastSent = Number.NEGATIVE_INFINITY;
  #lastChange = Number.NEGATIVE_INFINITY;
  #sending: NodeJS.Timeout | undefined;
  #changing: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #wait = FIRST_RETRY;
  #closed = false;

  constructor(
    private readonly tracing: Tracing,
    private readonly options: OpampOptions,
  ) {
    this.#follower = new Follower(tracing, `opamp ${options.url}`);
    this.#link = createLink(options, {
      ready: () => this.#flush(),
      message: (bytes) => this.#take(bytes),
      lost: (reason, wait) => this.#lost(reason, wait),
    });
  }

  get revision(): number {
    return this.#follower.revision;
  }

  async start(): Promise<void> {
    this.#description = await this.options.resource();
    if (this.#closed) return;
    this.#open();
    this.#heartbeat = unref(setInterval(() => this.#beat(), this.options.interval));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#heartbeat);
    for (const timer of [this.#sending, this.#changing, this.#retry]) clearTimeout(timer);
    const message = encodeAgentToServer({ ...this.#head(this.tracing.state()), disconnects: true }, wallClock());
    context.with(SILENCED, () => this.#link.close(message));
  }

  #open(): void {
    for (const part of ALL) this.#due.add(part);
    this.#isDue = true;
    context.with(SILENCED, () => this.#link.open());
  }

  #beat(): void {
    this.#link.check();
    this.#due.add('health');
    this.#isDue = true;
    this.#flush();
  }

  /** Sends what is due, at most one message within the gap. */
  #flush(): void {
    if (this.#closed || !this.#isDue || this.#sending !== undefined || this.#retry !== undefined) return;
    const wait = this.#lastSent + SEND_GAP - now();
    if (wait > 0) {
      this.#sending = unref(
        setTimeout(() => {
          this.#sending = undefined;
          this.#flush();
        }, wait),
      );
      return;
    }
    this.#send();
  }

  #send(): void {
    const state = this.tracing.state();
    if (state.revision !== this.#sentRevision) this.#due.add('effectiveConfig');
    const due = (part: Part): boolean => this.#due.has(part);
    const message: AgentToServer = {
      ...this.#head(state),
      description: due('description') ? describe(this.#description ?? {}) : undefined,
      health: due('health') ? healthOf(state, this.#counts) : undefined,
      effectiveConfig: due('effectiveConfig') ? effectiveConfig(state) : undefined,
      remoteConfigStatus: due('remoteConfigStatus') ? this.#status : undefined,
    };
    const isSent = context.with(SILENCED, () => this.#link.send(encodeAgentToServer(message, wallClock())));
    if (!isSent) return;
    this.#sequence += 1;
    this.#lastSent = now();
    if (due('health')) this.#counts = state.spans;
    if (due('effectiveConfig')) this.#sentRevision = state.revision;
    this.#due.clear();
    this.#isDue = false;
  }

  #head({ allowRuntimeChanges }: TracingState): Pick<AgentToServer, 'instance' | 'sequence' | 'capabilities'> {
    const accepts = allowRuntimeChanges ? CAPABILITIES.acceptsRemoteConfig : 0;
    const { acceptsRemoteConfig: _, ...always } = CAPABILITIES;
    const capabilities = Object.values(always).reduce((sum: number, bit) => sum | bit, accepts);
    return { instance: this.#instance, sequence: this.#sequence + 1, capabilities };
  }

  #take(bytes: Uint8Array): void {
    let message: ServerToAgent;
    try {
      message = decodeServerToAgent(bytes);
    } catch (error) {
      this.#link.drop();
      this.#lost(`a message cannot be read (${(error as Error).message})`);
      return;
    }
    const { instance, newInstance, remoteConfig, wantsFullState, error } = message;
    if (instance !== undefined && instance.length > 0 && !same(instance, this.#instance)) return;
    if (error !== undefined) {
      this.#link.drop();
      this.#lost(`the server answered with an error: ${error.message}`, error.retryAfterMillis);
      return;
    }
    this.#wait = FIRST_RETRY;
    if (newInstance?.length === 16) this.#instance = Uint8Array.from(newInstance);
    if (wantsFullState) for (const part of ALL) this.#due.add(part);
    this.#isDue ||= wantsFullState;
    if (remoteConfig !== undefined) this.#offer(remoteConfig);
    this.#flush();
  }

  /** Of several configurations within the gap, the last one is applied. */
  #offer(offered: NonNullable<ServerToAgent['remoteConfig']>): void {
    this.#offered = offered;
    if (this.#changing !== undefined) return;
    const wait = this.#lastChange + CHANGE_GAP - now();
    if (wait <= 0) this.#change();
    else
      this.#changing = unref(
        setTimeout(() => {
          this.#changing = undefined;
          this.#change();
          this.#flush();
        }, wait),
      );
  }

  /** A configuration that was taken, or refused, before is not taken again: its time would start again. */
  #change(): void {
    const { files, hash } = this.#offered as NonNullable<ServerToAgent['remoteConfig']>;
    this.#offered = undefined;
    if (this.#status === undefined || !same(hash, this.#status.hash)) {
      this.#lastChange = now();
      const error = putInForce(files, this.#follower);
      this.#status = {
        hash: Uint8Array.from(hash),
        status: error === undefined ? APPLIED : FAILED,
        error: (error ?? '').slice(0, REASON_LENGTH),
      };
      this.#lastSent = now(); // the report of a change waits for the gap, so that further changes are applied first
    }
    this.#due.add('remoteConfigStatus');
    this.#isDue = true;
  }

  /** Opens the link again after a while, longer each time until a message of the server can be read. */
  #lost(reason: string, retryAfterMillis = 0): void {
    if (this.#closed || this.#retry !== undefined) return;
    this.#follower.fault(reason, 'link');
    const wait = max(min(retryAfterMillis, LONGEST_WAIT), this.#wait * (0.5 + Math.random() / 2));
    this.#wait = min(this.#wait * 2, LONGEST_RETRY);
    this.#retry = unref(
      setTimeout(() => {
        this.#retry = undefined;
        this.#open();
      }, wait),
    );
  }
}

const same = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

/** A UUID of version 7 (RFC 9562), as the specification asks for. */
function createInstance(): Uint8Array {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(wallClock(), 0, 6);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return bytes;
}

function createLink(options: LinkOptions, events: LinkEvents): Link {
  if (!options.url.startsWith('ws')) return new HttpLink(options, events);
  const { WebSocketLink } = require('./websocket-link.js') as typeof import('./websocket-link.js');
  return new WebSocketLink(options, events);
}

/**
 * Follows an OpAMP server.
 * @throws SpanwrightError MISSING_PACKAGE for a WebSocket without the package `ws`
 */
export function followOpamp(tracing: Tracing, options: OpampOptions): Control {
  const agent = new OpampAgent(tracing, options);
  const start = guarded('OpAMP', () => void agent.start());
  unref(setTimeout(start, 0));
  return agent;
}
