// Destination of exported events: an HTTP endpoint that takes CloudEvents. Each event carries the trace it belongs to, as the CloudEvents
// extension for distributed tracing has it (`traceparent`), and in its data; the request carries the trace in its headers.

import { inject } from 'spanwright';
import type { HealthEvent, StoredEvent } from '../model/health-event.js';

export interface CloudEvent {
  specversion: '1.0';
  id: string;
  type: 'com.nvidia.nvsentinel.health.v1';
  source: string;
  subject: string;
  time: string;
  datacontenttype: 'application/json';
  /** Context of the span that exports the event. */
  traceparent?: string;
  data: HealthEvent;
}

export function toCloudEvent({ id, healthevent }: StoredEvent): CloudEvent {
  return inject({
    specversion: '1.0',
    id,
    type: 'com.nvidia.nvsentinel.health.v1',
    source: `/nvsentinel/${healthevent.agent}`,
    subject: healthevent.nodeName,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    data: healthevent,
  } satisfies CloudEvent as CloudEvent);
}

export class SinkError extends Error {
  override name = 'sink_error';
}

export class Sink {
  constructor(private readonly url: string) {}

  /** @throws SinkError when the sink does not take it */
  async send(events: CloudEvent | readonly CloudEvent[]): Promise<void> {
    const batch = Array.isArray(events) ? '-batch' : '';
    const headers = { 'content-type': `application/cloudevents${batch}+json` };
    const response = await fetch(this.url, { method: 'POST', headers, body: JSON.stringify(events) });
    await response.arrayBuffer(); // so that the connection can be used again
    if (!response.ok) throw new SinkError(`the sink answered ${response.status}`);
  }
}
