// createSpanProcessor(): the accounting of open spans for people with an SDK set-up of their own. It exports nothing. It
// is added to their processors and enters every recorded span into the table.

import { type Context, SpanStatusCode } from '@opentelemetry/api';
import { guarded } from '../fault.js';
import { ObservedSpan, type SdkSpan } from '../open/observed.js';
import type { Site } from '../site/site.js';
import { startingSite } from '../span/provided.js';
import { isRecorded } from '../span/recorded.js';
import { scopeSite } from '../span/scope-site.js';
import { state } from '../state.js';
import { notice } from '../warnings.js';

/** OpenTelemetry's SpanProcessor, as SDK 2.x and 3.x have it. */
export interface OpenSpanProcessor {
  onStart(span: SdkSpan, context: Context): void;
  onEnd(span: unknown): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

export function createSpanProcessor(): OpenSpanProcessor {
  // the table holds these spans too; a WeakMap of short-lived keys costs more than the span
  const entries = new Map<object, ObservedSpan>();
  const sites = new Map<string, Site>();
  /** The scope of the last span, and its site. */
  let last: { readonly scope: object; readonly site: Site } | undefined;
  /** True once createSampler() is there or its absence has been logged. It stays true, so that spans after a shutdown log nothing. */
  let connected = state.tracing !== undefined;

  function siteOf(scope: SdkSpan['instrumentationScope']): Site {
    if (last?.scope === scope) return last.site;
    const key = `${scope.name}@${scope.version ?? ''}`;
    let site = sites.get(key);
    if (site === undefined) {
      site = scopeSite(state.sites, state.gate, scope);
      sites.set(key, site);
    }
    last = { scope, site };
    return site;
  }

  function enter(span: SdkSpan): void {
    if (startingSite() !== undefined || isRecorded(span)) return;
    if (!connected && state.tracing === undefined) reportNoTracing();
    connected = true;
    const entry = new ObservedSpan(siteOf(span.instrumentationScope), span);
    entries.set(span, entry);
    entry.site.open++;
    entry.site.started++;
    state.open.enter(entry);
    const meter = state.recorder?.meter;
    if (meter?.metered) meter.count(state.open.started, state.open.count);
  }

  function leave(span: object): void {
    const entry = entries.get(span);
    if (entry === undefined) return;
    entries.delete(span);
    if (!entry.listed) return;
    state.open.leave(entry);
    entry.site.open--;
    if (entry.span.status.code === SpanStatusCode.ERROR) entry.site.errors++;
  }

  // the SDK passes on what a processor throws
  return {
    onStart: guarded('the start of a span of your SDK', enter),
    onEnd: guarded('the end of a span of your SDK', leave as (span: unknown) => void),
    async forceFlush() {},
    async shutdown() {},
  };
}

function reportNoTracing(): void {
  notice(
    'SPW032',
    'nothing shows the open spans that it counts, and instrumented code records nothing. Call createSampler() before the SDK starts, and give what it returns to the SDK as its sampler',
  );
}
