// Configuration keys of single requests: those that a signed header records, and the header that answers with the trace id.

import type { KeyRow } from './key-row.js';
import { integer, optionalSecret, optionalToken } from './types.js';

export const REQUEST_KEYS = [
  {
    key: 'trace_header',
    option: 'traceHeader',
    type: optionalToken('the name of a header'),
    default: null,
    env: ['SPANWRIGHT_TRACE_HEADER'],
    doc: 'Header whose value, signed with `trace_header_secret` (`spanwright sign`), has its request recorded whole, also while the flag is off.',
  },
  {
    key: 'trace_header_secret',
    option: 'traceHeaderSecret',
    type: optionalSecret(16),
    default: null,
    env: ['SPANWRIGHT_TRACE_HEADER_SECRET'],
    doc: 'Secret of `trace_header`, at least 16 characters.',
    secret: true,
  },
  {
    key: 'trace_header_per_second',
    option: 'traceHeaderPerSecond',
    type: integer({ min: 0, max: 1_000_000 }),
    default: 10,
    env: ['SPANWRIGHT_TRACE_HEADER_PER_SECOND'],
    doc: 'Signed requests recorded within a second; further ones are counted and treated as any other.',
  },
  {
    key: 'response_header',
    option: 'responseHeader',
    type: optionalToken('the name of a header'),
    default: null,
    env: ['SPANWRIGHT_RESPONSE_HEADER'],
    doc: 'Header in which HTTP servers of this process answer with the trace id of a recorded request, for example `x-trace-id`.',
  },
] as const satisfies readonly KeyRow[];
