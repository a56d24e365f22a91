// The flag, the lease that holds it with its countdown, the form that changes it, and the list of all changes in force.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { nounFor } from '../../text/counted.js';
import type { Lease } from '../../tracing.js';
import { countdown, shortCount } from './format.js';
import { leaseOfFlag, type Service, type State } from './service.js';

const DURATIONS = [
  ['1m', '1 min'],
  ['10m', '10 min'],
  ['1h', '1 h'],
  ['8h', '8 h'],
] as const;
const USUAL = '10m';
const LIMITS = [
  ['maxSpansPerSecond', 'Spans per second, at most'],
  ['maxOpenSpans', 'Open spans, at most'],
  ['maxSpans', 'Spans in all, at most'],
] as const;
const SOON_MS = 30_000;

const CAUSES: Readonly<Record<string, string>> = {
  expired: 'it expired',
  ended: 'it was ended',
  maxSpans: 'it reached its limit of spans',
  maxSpansPerSecond: 'it reached its limit of spans per second',
  maxOpenSpans: 'it reached its limit of open spans',
};

/** The flag as `data-flag` and as a word. */
export function flagOf(state: State | undefined): readonly [flag: string, word: string] {
  if (state === undefined) return ['unknown', '…'];
  if (!state.enabled) return ['off', 'Off'];
  return state.recording ? ['recording', 'Recording'] : ['nowhere', 'On, recording nothing'];
}

function flagNote(state: State): string {
  if (state.enabled && !state.recording) return 'No exporter is configured.';
  const configured = `Configured: ${state.configured ? 'on' : 'off'}`;
  const lease = leaseOfFlag(state);
  if (lease !== undefined) {
    const by = lease.actor === null ? 'by an unnamed caller' : `by ${lease.actor}`;
    return `${configured}. Changed ${by}${lease.reason === null ? '.' : `: ${lease.reason}`}`;
  }
  const cause = state.lastEnded?.cause;
  return cause === undefined ? `${configured}.` : `${configured}. The last change ended: ${CAUSES[cause] ?? cause}.`;
}

/** Draws again four times a second. */
function useTick(): void {
  const tick = useSignal(0);
  useEffect(() => {
    const timer = setInterval(() => {
      tick.value += 1;
    }, 250);
    return () => clearInterval(timer);
  }, []);
  void tick.value;
}

export function SwitchPanel({ service }: { service: Service }) {
  const state = service.state.value;
  const allowed = state?.allowRuntimeChanges ?? true;
  return (
    <section class="card" aria-label="Switch">
      <Flag service={service} />
      {allowed ? (
        <SwitchForm service={service} />
      ) : (
        <p class="small dim" id="refused">
          Changes are refused while the service runs: allow_runtime_changes is false.
        </p>
      )}
      {state !== undefined && state.leases.length > 0 && (
        <ul class="leases" id="leases" aria-label="Changes in force">
          {state.leases.map((lease) => (
            <LeaseRow key={lease.id} service={service} lease={lease} allowed={allowed} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Flag({ service }: { service: Service }) {
  useTick();
  const state = service.state.value;
  const [flag, word] = flagOf(state);
  const lease = state && leaseOfFlag(state);
  const ends = lease?.expiresAt ? Date.parse(lease.expiresAt) : undefined;
  const left = ends === undefined ? 0 : ends - service.now();
  const whole = ends === undefined || lease === undefined ? 1 : Math.max(1, ends - Date.parse(lease.createdAt));
  return (
    <>
      <div class="state" id="state" data-flag={flag}>
        <span class="lamp" aria-hidden="true" />
        <div class="flag">
          <strong id="flag">{word}</strong>
          <p class="dim small" id="flag-note">
            {state === undefined ? '\u00a0' : flagNote(state)}
          </p>
        </div>
        {ends !== undefined && (
          <div class={left < SOON_MS ? 'left soon' : 'left'} id="left">
            <b id="left-time">{countdown(left)}</b>
            <span class="dim small">until it ends</span>
          </div>
        )}
      </div>
      <div class="gauge" aria-hidden="true">
        <i style={{ width: `${(Math.max(0, Math.min(1, left / whole)) * 100).toFixed(2)}%` }} />
      </div>
    </>
  );
}

function SwitchForm({ service }: { service: Service }) {
  const namespaces = service.namespaces.value?.namespaces ?? [];
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const on = (event.submitter as HTMLButtonElement | null)?.value !== 'false';
    void switchFlag(service, on, new FormData(event.currentTarget));
  };
  return (
    <form id="switch" onSubmit={submit}>
      <div class="fields">
        <fieldset>
          <legend>For</legend>
          <div class="choices">
            {DURATIONS.map(([value, text]) => (
              <label key={value}>
                <input type="radio" name="for" value={value} defaultChecked={value === USUAL} />
                <span>{text}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <label>
          Only at
          <input
            type="text"
            id="only"
            name="only"
            list="namespaces"
            placeholder="the whole service"
            autocomplete="off"
            spellcheck={false}
          />
        </label>
        <label>
          When
          <input type="text" id="when" name="when" placeholder="every call" autocomplete="off" spellcheck={false} />
        </label>
        <ReasonField id="reason" />
      </div>
      <datalist id="namespaces">
        {namespaces.map(({ namespace }) => (
          <option key={namespace} value={namespace} />
        ))}
      </datalist>
      <details class="limits">
        <summary>Limits that end it earlier</summary>
        <div class="fields">
          {LIMITS.map(([name, text]) => (
            <label key={name}>
              {text}
              <input type="text" inputMode="numeric" id={name} name={name} />
            </label>
          ))}
        </div>
      </details>
      <div class="line">
        <button type="submit" class="main" id="on" value="true" disabled={service.changing.value}>
          Switch on
        </button>
        <button type="submit" id="off" value="false" disabled={service.changing.value}>
          Switch off
        </button>
      </div>
    </form>
  );
}

async function switchFlag(service: Service, on: boolean, form: FormData): Promise<void> {
  const body: Record<string, unknown> = { enabled: on };
  for (const name of on ? ['for', 'only', 'when', 'reason'] : ['reason']) {
    const text = String(form.get(name) ?? '').trim();
    if (text !== '') body[name] = text;
  }
  for (const [name] of on ? LIMITS : []) {
    const text = String(form.get(name) ?? '').trim();
    // text that is no number is sent unchanged, so that the message of the service names it
    if (text !== '') body[name] = /^[0-9]+$/.test(text) ? Number(text) : text;
  }
  await service.change<{ lease: Lease }>('enabled', 'PUT', body, ({ lease }) => {
    const until = lease.expiresAt === null ? 'it is switched on' : new Date(lease.expiresAt).toLocaleTimeString();
    const text = `Switched ${on ? 'on' : 'off'}${restrictionOf(lease)} until ${until}.`;
    return { text, warnings: lease.warnings };
  });
}

function settingOf(lease: Lease): string {
  const { kind, value } = lease;
  const setting = kind === 'enabled' ? `tracing ${value ? 'on' : 'off'}` : `${kind} ${value || '(none)'}`;
  return `${setting}${lease.only ? ' only' : ''}${restrictionOf(lease)}`;
}

function restrictionOf({ only, when }: Lease): string {
  return `${only ? ` for ${only}` : ''}${when ? ` when ${when}` : ''}`;
}

function LeaseRow({ service, lease, allowed }: { service: Service; lease: Lease; allowed: boolean }) {
  useTick();
  const { id, actor, reason, spans, expiresAt } = lease;
  const about = [actor && `by ${actor}`, reason, spans > 0 && `${shortCount(spans)} ${nounFor(spans, 'span')}`]
    .filter(Boolean)
    .join(' · ');
  const end = (): void =>
    void service.change(`leases/${encodeURIComponent(id)}`, 'DELETE', undefined, () => ({ text: `Ended: ${settingOf(lease)}.` }));
  return (
    <li>
      <span class="what">{settingOf(lease)}</span>
      <span class="dim">
        {expiresAt === null ? 'until switched on' : `${countdown(Date.parse(expiresAt) - service.now())} left`}
      </span>
      <span class="dim">{about}</span>
      {allowed && (
        <button type="button" class="plain" aria-label={`End: ${settingOf(lease)}`} onClick={end}>
          End
        </button>
      )}
    </li>
  );
}

/** Text that the log and the list of changes give as the reason. */
export function ReasonField({ id }: { id: string }) {
  return (
    <label>
      Reason
      <input type="text" id={id} name={id} maxLength={500} autocomplete="off" />
    </label>
  );
}
