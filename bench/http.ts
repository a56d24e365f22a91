// CPU time that spans add to a service over HTTP, which sends them to a real receiver: all of its traces, or 1 %. Its processes are those
// of exported.ts.

import { existsSync } from 'node:fs';
import { alternate, LEAST, LEAST_SHORT, LINES, OURS, PORTION, PROFILE_NOTE, type Row, reordered, SDK } from './exported.js';
import { partsTable } from './profile.js';
import { type Budget, factor, machine, type Outcome, overFirst, samplesOf, type Table, timesTable } from './report.js';
import { paired, pairedAbove } from './statistics.js';
import type { Modules } from './variants.js';

const NONE = 'nothing recorded';
const CONTEXT = 'floor: nothing recorded, each request in an AsyncLocalStorage';
const KEPT = 'transformed, 1 % of traces kept';
const SDK_KEPT = 'hand-written spans, SDK, 1 % of traces kept';
/** A request calls each method once every second time. */
const HTTP_WARM_UPS = 40;
const REQUESTS = 1000;
const REQUESTS_BEFORE = 200;
const SPANS_A_REQUEST = 17;
const HTTP_LIMIT = 0.3;
const KEPT_LIMIT = 1.05;

export async function measureHttp(modules: Modules): Promise<Outcome> {
  const tables: Table[] = [];
  const budgets: Budget[] = [];
  for (const line of LINES) {
    if (!existsSync(line.node) || !existsSync(line.sdk)) continue;
    const rows: Row[] = [
      { label: NONE, recorder: 'none' },
      { label: CONTEXT, recorder: 'context' },
      { label: KEPT, recorder: 'spanwright', ratio: 0.01 },
      { label: LEAST, recorder: 'floor' },
      { label: OURS, recorder: 'spanwright' },
      { label: SDK_KEPT, recorder: 'sdk', ratio: 0.01 },
      { label: SDK, recorder: 'sdk' },
    ];
    const all = SPANS_A_REQUEST * REQUESTS;
    const expected = ({ recorder, ratio = 1 }: Row): number | undefined =>
      ratio < 1 || recorder === 'floor' ? undefined : recorder === 'none' || recorder === 'context' ? 0 : all;
    const { samples, profiles } = await alternate({
      modules,
      line,
      protocol: 'http/protobuf',
      rows,
      warmUps: HTTP_WARM_UPS,
      prepare: (service) => service.request(REQUESTS_BEFORE),
      // few spans are sent seldom, as the delay of a batch does in a service
      measure: (service, { ratio = 1 }) => service.request(REQUESTS, ratio < 1 ? REQUESTS : PORTION),
      spans: expected,
    });
    const title = `${line.name}: a service over HTTP, ${SPANS_A_REQUEST} spans a request`;
    tables.push(timesTable(title, `${HTTP_NOTE} ${machine(line.node)}`, samples, overFirst(samples)));
    const shown = reordered(profiles, KEPT).filter(({ label }) => label !== SDK_KEPT);
    tables.push(partsTable(`Where the time of ${title} goes`, PROFILE_NOTE, shown));
    const of = (label: string) => samplesOf(samples, label);
    const added = pairedAbove(of(OURS), of(SDK), of(NONE)).median;
    const kept = paired(of(KEPT), of(NONE)).ratio.median;
    budgets.push(
      {
        what: `${title}: CPU added, over what the SDK adds`,
        limit: factor(HTTP_LIMIT),
        measured: factor(added),
        met: added <= HTTP_LIMIT,
        floor: `${factor(pairedAbove(of(LEAST), of(SDK), of(NONE)).median)}: ${LEAST_SHORT}`,
      },
      {
        what: `${title}, 1 % of traces kept, over nothing recorded`,
        limit: factor(KEPT_LIMIT),
        measured: factor(kept),
        met: kept <= KEPT_LIMIT,
        floor: `${factor(paired(of(CONTEXT), of(NONE)).ratio.median)}: each request in an AsyncLocalStorage`,
      },
    );
  }
  return { tables, budgets };
}

const HTTP_NOTE =
  "CPU time of the service's process for a request that makes 16 short calls, half of them async, below a server span made by hand; OTLP over HTTP. The work of " +
  'a request is next to nothing but the server itself, so a ratio says more of the calls than of a service.';
