// The site that stands for a third-party tracer: an instrumentation scope instead of a place in the user's code. Its spans are
// counted, judged and listed as those of any site.

import { SpanKind } from '@opentelemetry/api';
import type { Gate } from '../gate/gate.js';
import { DEFAULT_OPTIONS } from '../site/options.js';
import type { SiteRegistry } from '../site/registry.js';
import { Site } from '../site/site.js';

const NO_ATTRIBUTES = Object.freeze({});

/** @param namespace `code.namespace` of the spans that the site stands for; default the scope's name, for those that have none */
export function scopeSite(
  sites: SiteRegistry,
  gate: Gate,
  scope: { readonly name: string; readonly version?: string },
  namespace = scope.name,
): Site {
  const site = sites.add(
    new Site({
      id: `scope:${scope.name}@${scope.version ?? ''}${namespace === scope.name ? '' : ` ${namespace}`}`,
      namespace,
      functionName: '',
      spanName: '',
      kind: SpanKind.INTERNAL,
      shape: 'unknown',
      scope: scope.name,
      options: DEFAULT_OPTIONS,
      attributes: NO_ATTRIBUTES,
    }),
  );
  gate.judge(site);
  return site;
}
