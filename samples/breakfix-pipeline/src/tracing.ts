// Tracing, the same in every module. API calls and queries are named and measured as the runbooks search for them: `HTTP PUT`, and
// `db.duration_ms`. What tracing patches is loaded after this.

import type { Span } from '@opentelemetry/api';
import { startTracing, type Tracing } from 'spanwright';

const begun = new WeakMap<Span, number>();

export function startModule(serviceName: string): Promise<Tracing> {
  return startTracing({
    serviceName,
    enabled: true,
    instrumentations: {
      grpc: {},
      undici: { requestHook: (span: Span, { method }: { method: string }) => span.updateName(`HTTP ${method}`) },
      pg: {
        ignoreConnectSpans: true,
        requestHook: (span: Span) => begun.set(span, performance.now()),
        responseHook: (span: Span) => span.setAttribute('db.duration_ms', performance.now() - (begun.get(span) ?? 0)),
      },
    },
  });
}
