// Replicas of a service, many in one process, for bench/fleet.ts: each has a gate and leases of its own and follows the source that the
// arguments name. Reports to the parent whenever the number of replicas that are on has changed, and when it is asked. Argument: a JSON object of ReplicasOrder.

import { join } from 'node:path';
import { startAdminServer } from '../runtime/admin/index.js';
import { loadConfiguration } from '../runtime/config/load.js';
import { type Control, followFile, followRedis } from '../runtime/control/index.js';
import { followOpamp } from '../runtime/control/opamp/agent.js';
import { Gate } from '../runtime/gate/gate.js';
import type { Tracing } from '../runtime/index.js';
import { OpenTable } from '../runtime/open/table.js';
import { LiveTracing } from '../runtime/setup/live.js';
import { SiteRegistry } from '../runtime/site/registry.js';
import { state } from '../runtime/state.js';
import { setNoticeLevel } from '../runtime/warnings.js';

export interface ReplicasOrder {
  readonly way: 'hook' | 'redis' | 'file' | 'opamp';
  /** Folder of the hooks' sockets, URL of Redis or of the OpAMP server, or path of the file. */
  readonly source: string;
  /** Number of the first replica, and how many there are. */
  readonly first: number;
  readonly count: number;
  /** Milliseconds between two reports over OpAMP. */
  readonly interval: number;
}

/** Number of replicas that are on. `isAnswer`: the parent has asked. */
export interface ReplicasReport {
  readonly on: number;
  readonly isAnswer: boolean;
}

const LOOK_MILLISECONDS = 10;
/** Connections that are opened at once. */
const STEP = 20;
const TOKEN = process.env.SPANWRIGHT_ADMIN_TOKEN;

const order = JSON.parse(process.argv[2] ?? '{}') as ReplicasOrder;

/** The running tracing of one replica: what startTracing() makes once in a process, without an exporter. */
function createReplica(index: number): Tracing {
  const loaded = loadConfiguration({ options: { serviceName: `replica-${index}` }, env: {} });
  const sites = new SiteRegistry(() => {});
  const tracing = new LiveTracing(
    { ...state, sites, gate: new Gate(sites.created), open: new OpenTable() },
    loaded,
    null,
    () => {},
  );
  tracing.attach(undefined);
  return tracing;
}

async function follow(tracing: Tracing, index: number): Promise<Control | undefined> {
  const { way, source, interval } = order;
  if (way === 'redis') return await followRedis(tracing, source);
  if (way === 'file') return await followFile(tracing, source);
  if (way === 'opamp') {
    const resource = async () => ({ 'service.name': 'replica', 'service.instance.id': String(index) });
    return followOpamp(tracing, { url: source, headers: {}, certificates: {}, interval, resource });
  }
  await startAdminServer({ tracing, socketPath: join(source, `${index}.sock`), token: TOKEN });
  return undefined;
}

async function main(): Promise<void> {
  setNoticeLevel('none');
  const replicas = Array.from({ length: order.count }, (_, index) => createReplica(order.first + index));
  for (let from = 0; from < replicas.length; from += STEP) {
    const step = replicas.slice(from, from + STEP);
    // one after another: a socket is created under a changed umask
    if (order.way === 'hook') for (const [index, tracing] of step.entries()) await follow(tracing, order.first + from + index);
    else await Promise.all(step.map((tracing, index) => follow(tracing, order.first + from + index)));
  }
  let reported = -1;
  const report = (isAnswer: boolean): void => {
    const on = replicas.filter(({ enabled }) => enabled).length;
    if (isAnswer || on !== reported) process.send?.({ on, isAnswer } satisfies ReplicasReport);
    reported = on;
  };
  setInterval(() => report(false), LOOK_MILLISECONDS);
  process.on('message', () => report(true));
}

process.once('disconnect', () => process.exit());
void main();
