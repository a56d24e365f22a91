// Traces as the sample prints them: each span with its process, and with the few attributes that explain it.

import { formatTrace, type ReceivedSpan } from '@spanwright/viewer';

export const SHOWN = [
  'at',
  'what',
  'rpc.method',
  'host.name',
  'server.status',
  'image.name',
  'image.cached',
  'luks.rounds',
  'openstack.not_here',
  'openstack.forwarded_from',
];

/** The span with its process as the attribute `at`. */
export function labelled(span: ReceivedSpan): ReceivedSpan {
  const { 'code.namespace': _, ...attributes } = span.attributes;
  return { ...span, attributes: { at: span.resource.attributes['service.instance.id'] ?? '?', ...attributes } };
}

export const tree = (spans: readonly ReceivedSpan[]): string => formatTrace(spans.map(labelled), { attributes: SHOWN });
