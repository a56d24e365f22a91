// Dump of the flight recorder, where the service has one.

import { nounFor } from '../../text/counted.js';
import type { FlightDump } from '../../tracing.js';
import { shortCount } from './format.js';
import type { Service } from './service.js';
import { ReasonField } from './switch.js';

export function FlightPanel({ service }: { service: Service }) {
  const state = service.state.value;
  const held = state?.configuration.find(({ key }) => key === 'flight_recorder')?.value ?? null;
  if (state === undefined || held === null) return null;
  return (
    <section class="card" aria-labelledby="flight-head">
      <div class="head">
        <h2 id="flight-head">Flight recorder</h2>
        <span class="tag good">running</span>
      </div>
      <p class="dim small">The last calls that were not recorded, written into a file of the service and sent to the exporter.</p>
      {state.allowRuntimeChanges && <DumpForm service={service} />}
    </section>
  );
}

function DumpForm({ service }: { service: Service }) {
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get('dump-reason') ?? '').trim();
    void service.change<FlightDump>('dump', 'POST', reason === '' ? {} : { reason }, ({ spans, file }) => ({
      text: `Dumped ${shortCount(spans)} ${nounFor(spans, 'call')} into ${file}.`,
    }));
  };
  return (
    <form id="flight" onSubmit={submit}>
      <div class="fields">
        <ReasonField id="dump-reason" />
      </div>
      <div class="line">
        <button type="submit" id="dump" disabled={service.changing.value}>
          Dump
        </button>
      </div>
    </form>
  );
}
