// A health event as it is stored: one document that every module reads and adds to. The trace of the event travels in it, as one
// trace id and the span id of each module that worked on it.

import { carriers, type DocumentKind } from 'spanwright';

export type RecommendedAction = 'NONE' | 'COMPONENT_RESET' | 'RESTART_BM' | 'REPLACE_VM' | 'RUN_FIELDDIAG' | 'CONTACT_SUPPORT';

export interface HealthEvent {
  agent: string;
  checkName: string;
  nodeName: string;
  isFatal: boolean;
  isHealthy: boolean;
  message: string;
  errorCode: string[];
  entitiesImpacted: { entityType: string; entityValue: string }[];
  recommendedAction: RecommendedAction;
  /** `trace_id` among others. */
  metadata: Record<string, string>;
}

export type NodeQuarantined = 'Quarantined' | 'AlreadyQuarantined' | 'UnQuarantined' | 'NotQuarantined' | 'Cancelled';

export interface HealthEventStatus {
  nodequarantined?: NodeQuarantined;
  userpodsevictionstatus?: { status: 'Succeeded' | 'AlreadyDrained' | 'Cancelled' };
  /** The drain request that was made for pods which another system drains. */
  customdrain?: string;
  /** The maintenance resource that was made for the event. */
  maintenanceresource?: string;
  faultremediated?: boolean | 'skipped' | 'cancelled';
  analyzed?: boolean;
  exported?: boolean;
  /** Trace context of the drain that is under way: a restarted node-drainer continues it. */
  drainsession?: Record<string, string>;
  /** Span id by module. */
  spanids: Record<string, string>;
}

export interface HealthEventDocument {
  healthevent: HealthEvent;
  healtheventstatus: HealthEventStatus;
}

export interface StoredEvent extends HealthEventDocument {
  id: string;
}

/** How a module finds the span before its own in a document (the preferred one first), and where it writes its own. */
export function traceOf(module: string, upstream: string | string[] = module): DocumentKind {
  return carriers.document({ traceId: 'healthevent.metadata.trace_id', spanIds: 'healtheventstatus.spanids', module, upstream });
}

/** Attributes of every span that starts a module's work on an event. */
export function eventAttributes({ id, healthevent }: StoredEvent): Record<string, string | boolean> {
  return {
    'health_event.id': id,
    'health_event.node_name': healthevent.nodeName,
    'health_event.check_name': healthevent.checkName,
    'health_event.is_fatal': healthevent.isFatal,
    'health_event.is_healthy': healthevent.isHealthy,
    'health_event.recommended_action': healthevent.recommendedAction,
  };
}
