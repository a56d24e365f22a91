// The table of routes of the admin hook. Matching, permission, the check of body and query, the list in a 404, the OpenAPI
// document, docs/admin.md and its test all read it. A row that changes something returns the Change it made; a row that
// reads returns a Response, and has no way to change anything but through `tracing`'s reading methods.

import { printable } from '../text/printable.js';
import type { Lease, LeaseOptions } from '../tracing.js';
import { jsonAnswer } from './answer.js';
import type { Field } from './fields.js';
import { openApiDocument } from './openapi.js';
import { pageAnswer } from './page.js';
import { readErrors, readHealth, readMetrics, readNamespaces, readOpenSpans, readSites } from './reads.js';
import { Refusal } from './refusal.js';
import type { Changing, Route } from './route.js';

/** Names of conditions, without the values: those may be secrets, and the audit is kept. */
const namesIn = (when: string) =>
  when
    .split('&')
    .map((condition) => condition.replace(/!?=.*$/su, '').trim())
    .join(', ');

const JSON_TYPE = 'application/json';

const REASON_FIELD: Field = {
  name: 'reason',
  type: 'text',
  summary: 'Why, for the log and the state. At most 500 characters.',
};

const LEASE_FIELDS: readonly Field[] = [
  {
    name: 'for',
    type: 'duration',
    summary: 'How long the change holds, at most 24 hours. Default 10 minutes; off holds until switched on.',
  },
  REASON_FIELD,
  { name: 'maxSpansPerSecond', type: 'positive', summary: 'End the lease when more spans than this start within one second.' },
  { name: 'maxSpans', type: 'positive', summary: 'End the lease after this many spans.' },
  { name: 'maxOpenSpans', type: 'positive', summary: 'End the lease when more spans than this are open at once.' },
  { name: 'revision', type: 'count', summary: 'Refuse the change with 409 unless the state is still at this revision.' },
];

const ONLY_FIELD: Field = {
  name: 'only',
  type: 'text',
  summary: 'With true: traces start only at these roots, such as "carbide::api", and are whole below.',
};

const WHEN_FIELD: Field = {
  name: 'when',
  type: 'text',
  summary:
    'With true: a trace starts only at a call that fulfils these conditions, such as "machineId=m-17 & baggage:tenant=acme".',
};

const CAPTURE_FIELD: Field = {
  name: 'capture',
  type: 'text',
  summary: 'With true: values of recorded calls to keep, of "args, result, this, this.<field>", where allow_capture allows it.',
};

const limit = (most: number, usual: number, what: string): Field => {
  return { name: 'limit', type: 'count', most, summary: `At most this many ${what}. Default ${usual}.` };
};
const offset = (what: string): Field => ({ name: 'offset', type: 'count', summary: `${what} to leave out from the front.` });
const PREFIX_FIELD: Field = { name: 'prefix', type: 'text', summary: 'Only namespaces that begin with this text.' };

function leaseOptions({ values, actor }: Changing): LeaseOptions {
  const options: Record<string, unknown> = actor === undefined ? {} : { actor };
  for (const { name } of [...LEASE_FIELDS, ONLY_FIELD, WHEN_FIELD, CAPTURE_FIELD]) {
    if (name !== 'revision' && values.has(name)) options[name] = values.get(name);
  }
  return options;
}

function endLease({ tracing, id, actor }: Changing): Lease {
  const lease = tracing.leases().find((candidate) => candidate.id === id);
  if (lease !== undefined && tracing.endLease(id, actor)) return lease;
  throw new Refusal('unknown', `There is no lease "${printable(id, 64)}"; it may have ended. See GET leases.`, { field: 'id' });
}

export const ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '',
    permission: 'none',
    query: [],
    type: 'text/html',
    summary: 'A page for people; it holds no data and reads the other routes.',
    read: ({ traceUrl }) => pageAnswer(traceUrl),
  },
  {
    method: 'GET',
    path: 'state',
    permission: 'read',
    query: [],
    type: JSON_TYPE,
    summary: 'What is configured, what is in force and by which lease, and the span counts.',
    read: ({ tracing }) => {
      const state = tracing.state();
      // Includes the time of the service, so that the remaining time of a lease does not depend on the reader's clock.
      return jsonAnswer({ ...state, now: new Date().toISOString() }, { etag: `"${state.revision}"` });
    },
  },
  {
    method: 'PUT',
    path: 'enabled',
    permission: 'change',
    body: [
      { name: 'enabled', type: 'boolean', required: true, summary: 'The flag.' },
      ONLY_FIELD,
      WHEN_FIELD,
      CAPTURE_FIELD,
      ...LEASE_FIELDS,
    ],
    summary: 'Switches tracing on for a limited time, or off until it is switched on.',
    describe: ({ values }) =>
      `set tracing-enabled to ${values.get('enabled')}${values.has('only') ? ` only for "${values.get('only')}"` : ''}` +
      (values.has('when') ? ` when ${namesIn(values.get('when') as string)}` : '') +
      (values.has('capture') ? ` capturing "${values.get('capture')}"` : ''),
    change: (call) => call.tracing.setEnabled(call.values.get('enabled') as boolean, leaseOptions(call)),
  },
  {
    method: 'PUT',
    path: 'rules',
    permission: 'change',
    body: [{ name: 'rules', type: 'text', required: true, summary: 'Namespace rules.' }, ...LEASE_FIELDS],
    summary: 'Sets the namespace rules for a limited time; an empty text ends every rules lease.',
    describe: ({ values }) => `set rules to "${values.get('rules')}"`,
    change: (call) => call.tracing.setRules(call.values.get('rules') as string, leaseOptions(call)),
  },
  {
    method: 'PUT',
    path: 'drop',
    permission: 'change',
    body: [{ name: 'drop', type: 'text', required: true, summary: 'What is never recorded.' }, ...LEASE_FIELDS],
    summary: 'Sets the drop list for a limited time; an empty text ends every drop lease.',
    describe: ({ values }) => `set drop to "${values.get('drop')}"`,
    change: (call) => call.tracing.setDrop(call.values.get('drop') as string, leaseOptions(call)),
  },
  {
    method: 'POST',
    path: 'dump',
    permission: 'change',
    body: [REASON_FIELD],
    summary: 'Writes what the flight recorder holds into a file of the service, and sends it to the exporter.',
    describe: () => 'dump the flight recorder',
    act: ({ tracing, values }) => tracing.dump(values.get('reason') as string | undefined),
  },
  {
    method: 'GET',
    path: 'leases',
    permission: 'read',
    query: [],
    type: JSON_TYPE,
    summary: 'The changes in force.',
    read: ({ tracing }) => jsonAnswer({ leases: tracing.leases(), lastEnded: tracing.state().lastEnded }),
  },
  {
    method: 'DELETE',
    path: 'leases/:id',
    permission: 'change',
    body: null,
    summary: 'Ends one lease early.',
    describe: ({ id }) => `end lease "${id}"`,
    change: endLease,
  },
  {
    method: 'GET',
    path: 'sites',
    permission: 'read',
    query: [
      PREFIX_FIELD,
      {
        name: 'sort',
        type: 'text',
        choices: ['name', 'calls', 'errors', 'open'],
        summary: 'By name (default), or most calls, errors or open spans first.',
      },
      limit(1000, 100, 'rows'),
      offset('Rows'),
    ],
    type: JSON_TYPE,
    summary: 'The instrumented functions, with verdict, counts, latency and last failures.',
    read: readSites,
  },
  {
    method: 'GET',
    path: 'namespaces',
    permission: 'read',
    query: [PREFIX_FIELD, limit(1000, 1000, 'rows'), offset('Rows')],
    type: JSON_TYPE,
    summary: 'The namespaces, by name: sites, verdicts, counts and latency added up.',
    read: readNamespaces,
  },
  {
    method: 'GET',
    path: 'spans/open',
    permission: 'read',
    query: [limit(1000, 50, 'spans'), { ...offset('Spans'), most: 9000 }],
    type: JSON_TYPE,
    summary: 'The open spans, oldest first; attribute values only with the token for changes.',
    read: readOpenSpans,
  },
  {
    method: 'GET',
    path: 'errors',
    permission: 'read',
    query: [limit(100, 50, 'calls')],
    type: JSON_TYPE,
    summary:
      'The last failures, newest first, at most 100, each once however many calls it passed; their messages only with the token for changes.',
    read: readErrors,
  },
  {
    method: 'GET',
    path: 'metrics',
    permission: 'read',
    query: [],
    type: 'text/plain',
    summary: 'Metrics in Prometheus text format 0.0.4, or OpenMetrics 1.0 with exemplars where the caller accepts it.',
    read: readMetrics,
  },
  {
    method: 'GET',
    path: 'health',
    permission: 'read',
    query: [],
    type: JSON_TYPE,
    summary: 'Whether spans are recorded, and the outcome of their export.',
    read: readHealth,
  },
  {
    method: 'GET',
    path: 'audit',
    permission: 'change',
    query: [],
    type: JSON_TYPE,
    summary: 'The last 200 changes and refused changes, oldest first.',
    read: ({ audit }) => jsonAnswer({ entries: audit }),
  },
  {
    method: 'GET',
    path: 'openapi.json',
    permission: 'read',
    query: [],
    type: JSON_TYPE,
    summary: 'This table as an OpenAPI 3.1 document.',
    read: ({ tracing, prefix }) => jsonAnswer(openApiDocument(ROUTES, prefix, tracing.state().version)),
  },
];
