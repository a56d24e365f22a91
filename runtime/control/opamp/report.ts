// Reports of a service to an OpAMP server: its identity, the configuration in force, and its health. Called by agent.ts.

import type { Attributes } from '@opentelemetry/api';
import { exporterState, tracingStatus } from '../../export/exporter-state.js';
import type { SpanCounts, TracingState } from '../../tracing.js';
import type { Description, Health } from './messages.js';

/** Attributes that the specification asks for as identifying. */
const IDENTIFYING = new Set(['service.name', 'service.namespace', 'service.version', 'service.instance.id']);

export function describe(resource: Attributes): Description {
  const entries = Object.entries(resource);
  return {
    identifying: Object.fromEntries(entries.filter(([key]) => IDENTIFYING.has(key))),
    others: Object.fromEntries(entries.filter(([key]) => !IDENTIFYING.has(key))),
  };
}

/** JSON: what is in force by the names of the admin hook's state, and each configured value with its secrets masked. */
export function effectiveConfig(state: TracingState): string {
  const { enabled, roots, conditionalRoots, rules, drop, remoteParent, allowRuntimeChanges, configuration } = state;
  // the count of spans changes with each one, and is no configuration
  const leases = state.leases.map(({ spans: _, ...lease }) => lease);
  const configured = Object.fromEntries(configuration.map(({ key, value }) => [key, value]));
  const inForce = { enabled, roots, conditionalRoots, rules, drop, remoteParent, allowRuntimeChanges, leases };
  return JSON.stringify({ ...inForce, configuration: configured });
}

/** A part of the service, and the counts whose growth since the last report makes it unhealthy. */
interface Part {
  readonly name: string;
  readonly faults: readonly (keyof SpanCounts)[];
  status(state: TracingState): string;
}

const PARTS: readonly Part[] = [
  { name: 'exporter', faults: ['failed', 'dropped'], status: exporterState },
  { name: 'open spans', faults: ['refused'], status: ({ spans }) => `${spans.open} open` },
  { name: 'leaks', faults: ['leaked'], status: ({ spans }) => `${spans.leaked} leaked` },
];

/** @param before the counts at the last report */
export function healthOf(state: TracingState, before: SpanCounts | undefined): Health {
  const { spans } = state;
  const startedAt = Date.parse(state.startedAt);
  const components = new Map(
    PARTS.map(({ name, faults, status }) => {
      const grown = faults.filter((fault) => spans[fault] > (before?.[fault] ?? 0));
      const lastError = grown.map((fault) => `${spans[fault] - (before?.[fault] ?? 0)} ${fault}`).join(', ');
      return [name, { healthy: grown.length === 0, startedAt, status: status(state), lastError }];
    }),
  );
  const sick = [...components].filter(([, { healthy }]) => !healthy);
  return {
    healthy: sick.length === 0,
    startedAt,
    status: tracingStatus(state),
    lastError: sick.map(([name, { lastError }]) => `${name}: ${lastError} since the last report`).join('; '),
    components,
  };
}
