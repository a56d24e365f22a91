// Panels of a service: the switch, the exporter, the flight recorder, namespaces, open spans and recent errors. The admin page shows
// them for its own service, the viewer for each service whose hook it knows.

import { ErrorPanel } from './errors.js';
import { ExporterPanel } from './exporter.js';
import { FlightPanel } from './flight.js';
import { NamespacePanel } from './namespaces.js';
import type { Service } from './service.js';
import { OpenSpanPanel } from './spans.js';
import { SwitchPanel } from './switch.js';
import type { TraceLink } from './trace-id.js';
import './panels.css';

interface PanelOptions {
  readonly service: Service;
  /** Undefined where no trace viewer is known. */
  readonly link: TraceLink | undefined;
  /** False while the answers leave messages of errors out because the token was not sent. */
  readonly trusted: boolean;
}

export function Panels({ service, link, trusted }: PanelOptions) {
  const message = service.message.value;
  return (
    <div class="service">
      <p id="message" role="status" aria-live="polite" class={message?.kind} hidden={message === undefined}>
        {message?.text}
      </p>
      <div class="panels">
        <SwitchPanel service={service} />
        <ExporterPanel service={service} />
        <FlightPanel service={service} />
        <NamespacePanel service={service} />
        <OpenSpanPanel service={service} link={link} />
        <ErrorPanel service={service} link={link} trusted={trusted} />
      </div>
    </div>
  );
}
