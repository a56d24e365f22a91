// Counts of exported spans, with what has been added each second, and the rules in force.

import { nounFor } from '../../text/counted.js';
import { perSecond, shortCount } from './format.js';
import type { Health, Service, State } from './service.js';

interface Figure {
  readonly name: string;
  readonly value: number;
  /** Growth per second since the last reading. */
  readonly rate: number;
  readonly bad?: boolean;
}

export function ExporterPanel({ service }: { service: Service }) {
  const state = service.state.value;
  const health = service.health.value;
  const losing = isLosing(service);
  return (
    <section class="card" aria-labelledby="exporter-head">
      <div class="head">
        <h2 id="exporter-head">Export</h2>
        {health === undefined ? (
          <span class="tag">…</span>
        ) : (
          <span class={`tag ${tagOf(health, losing)}`} id="health">
            {words(health, losing)}
          </span>
        )}
      </div>
      {state !== undefined && health !== undefined && (
        <>
          <dl class="figures">
            {figuresOf(service, state, health).map(({ name, value, rate, bad }) => (
              <div key={name} class={bad ? 'bad' : undefined}>
                <dt>{name}</dt>
                <dd>
                  {shortCount(value)}
                  <small>{rate > 0 ? `+${perSecond(rate)}/s` : ''}</small>
                </dd>
              </div>
            ))}
          </dl>
          <dl class="facts">
            {exporterFacts(state, health).map(([name, value]) => [
              <dt key={name}>{name}</dt>,
              <dd key={`${name} value`}>{value}</dd>,
            ])}
          </dl>
        </>
      )}
    </section>
  );
}

/** Exporter and started spans of the reading before the last. */
function before({ looks }: Service) {
  return looks.value.at(-2) ?? looks.value.at(-1);
}

function isLosing(service: Service): boolean {
  const [was, is] = [before(service)?.health.exporter, service.health.value?.exporter];
  return was !== undefined && is !== undefined && (is.dropped > was.dropped || is.failed > was.failed);
}

function tagOf({ exporter: { state } }: Health, losing: boolean): string {
  if (state === 'delivering') return 'good';
  if (state === 'losing spans') return losing ? 'bad' : 'warn';
  return '';
}

function words({ exporter: { state } }: Health, losing: boolean): string {
  if (state === 'losing spans' && !losing) return 'has lost spans';
  return state === 'none' ? 'no exporter' : state;
}

function figuresOf(service: Service, { spans, exportedBy }: State, { exporter }: Health): readonly Figure[] {
  const was = before(service);
  const seconds = was === undefined ? 1 : Math.max(0.001, (performance.now() - was.at) / 1000);
  const rate = (now: number, then: number | undefined): number => Math.max(0, now - (then ?? now)) / seconds;
  const { exported, dropped, failed } = exporter;
  const sent: readonly Figure[] = [
    { name: 'exported', value: exported, rate: rate(exported, was?.health.exporter.exported) },
    { name: 'dropped', value: dropped, rate: rate(dropped, was?.health.exporter.dropped), bad: dropped > 0 },
    { name: 'failed', value: failed, rate: rate(failed, was?.health.exporter.failed), bad: failed > 0 },
  ];
  return [
    // an SDK of the application keeps its own counts
    ...(exportedBy === 'sdk' ? [] : sent),
    { name: 'started', value: spans.started, rate: rate(spans.started, was?.started) },
    { name: 'open', value: spans.open, rate: 0 },
    { name: 'leaked', value: spans.leaked, rate: 0, bad: spans.leaked > 0 },
  ];
}

function exporterFacts(state: State, { exporter }: Health): readonly (readonly [name: string, value: string])[] {
  const { spans } = state;
  const endpoint = exporter.endpoint ?? (state.built ? 'given in code' : 'none');
  const facts: (readonly [string, string, boolean])[] = [
    ['Endpoint', state.exportedBy === 'sdk' ? 'of your SDK' : endpoint, true],
    ['Roots', state.roots, true],
    ['Rules', state.rules || 'none', true],
    ['Dropped', state.drop || 'none', true],
    ['Queued', shortCount(exporter.queued), exporter.queued > 0],
    ['Sampled out', shortCount(exporter.sampledOut), exporter.sampledOut > 0],
    [
      'While off, for sampled callers',
      `${shortCount(spans.remoteRoots)} ${nounFor(spans.remoteRoots, 'trace')} recorded`,
      spans.remoteRoots > 0,
    ],
    ['Refused to sampled callers', `${shortCount(spans.remoteRefused)} (remote_roots_per_second)`, spans.remoteRefused > 0],
    ['Refused', `${shortCount(spans.refused)} (max_open_spans)`, spans.refused > 0],
  ];
  return facts.filter(([, , shown]) => shown).map(([name, value]) => [name, value]);
}
