// Rows of the table of configuration keys that decide what a span may hold. Part of KEYS in keys.ts.

import { parseRoots, printPatterns } from '../gate/rules.js';
import { DEFAULT_REDACT, parseRedact, printRedact } from '../span/redact.js';
import type { KeyRow } from './key-row.js';
import { choice, integer, optionalInteger, patterns } from './types.js';

const COUNT = { min: 0, max: 1_000_000 };

export const CONTENT_KEYS = [
  {
    key: 'allow_capture',
    option: 'allowCapture',
    type: patterns(parseRoots, (parsed) => printPatterns(parsed, 'none')),
    default: 'none',
    env: ['SPANWRIGHT_ALLOW_CAPTURE'],
    whenMalformed: 'none',
    doc: 'Namespaces in which a lease may capture arguments, results and fields of `this` (`capture`), or `*`, or `none`.',
  },
  {
    key: 'redact',
    option: 'redact',
    type: patterns(parseRedact, printRedact),
    default: DEFAULT_REDACT,
    env: ['SPANWRIGHT_REDACT'],
    doc: 'Names of parameters and attributes (of spans, events, links and the resource) whose values are recorded as `REDACTED`: a whole key or one segment of it, in any case; `*` stands for any text. They add to the default names of secrets (docs/recording.md); `!name` is an exception, `!default` leaves the default names out, `[]` hides nothing.',
  },
  {
    key: 'exception_signal',
    option: 'exceptionSignal',
    type: choice(['events', 'logs', 'logs/dup']),
    default: 'events',
    env: ['OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN'],
    doc: 'Exceptions are recorded as events of their spans, as log records of `@opentelemetry/api-logs`, or both.',
  },
  {
    key: 'span_attribute_count_limit',
    option: 'spanAttributeCountLimit',
    type: integer(COUNT),
    default: 128,
    env: ['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'],
    doc: 'Attributes of a span.',
  },
  {
    key: 'attribute_value_length_limit',
    option: 'attributeValueLengthLimit',
    type: optionalInteger(COUNT),
    default: null,
    env: ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'],
    doc: 'Characters of a string attribute; longer ones are cut. Unset: no limit.',
  },
  {
    key: 'span_event_count_limit',
    option: 'spanEventCountLimit',
    type: integer(COUNT),
    default: 128,
    env: ['OTEL_SPAN_EVENT_COUNT_LIMIT'],
    doc: 'Events of a span.',
  },
  {
    key: 'span_link_count_limit',
    option: 'spanLinkCountLimit',
    type: integer(COUNT),
    default: 128,
    env: ['OTEL_SPAN_LINK_COUNT_LIMIT'],
    doc: 'Links of a span.',
  },
  {
    key: 'event_attribute_count_limit',
    option: 'eventAttributeCountLimit',
    type: integer(COUNT),
    default: 128,
    env: ['OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT'],
    doc: 'Attributes of an event.',
  },
  {
    key: 'link_attribute_count_limit',
    option: 'linkAttributeCountLimit',
    type: integer(COUNT),
    default: 128,
    env: ['OTEL_LINK_ATTRIBUTE_COUNT_LIMIT'],
    doc: 'Attributes of a link.',
  },
] as const satisfies readonly KeyRow[];
