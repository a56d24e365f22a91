// Configuration keys of the OpAMP client. Part of KEYS in keys.ts. OpenTelemetry's specification names no variables for it; those of
// OTEL_ are what opentelemetry-java-contrib reads.

import type { KeyRow } from './key-row.js';
import { headers } from './tables.js';
import { duration, optionalServer, optionalText } from './types.js';

export const OPAMP_KEYS = [
  {
    key: 'opamp_endpoint',
    option: 'opampEndpoint',
    type: optionalServer(['http', 'https', 'ws', 'wss'], 'opamp_headers'),
    default: null,
    env: ['SPANWRIGHT_OPAMP_ENDPOINT', 'OTEL_OPAMP_SERVICE_URL'],
    doc: 'OpAMP server that manages this service ([fleet.md](fleet.md)): `http://`, `https://`, or with the package `ws` `ws://`, `wss://`. Unset: nothing is loaded.',
  },
  {
    key: 'opamp_headers',
    option: 'opampHeaders',
    type: headers(),
    default: Object.freeze({}),
    env: ['SPANWRIGHT_OPAMP_HEADERS', 'OTEL_EXPERIMENTAL_OPAMP_HEADERS'],
    doc: 'Headers sent to the OpAMP server, for example a token.',
    secret: true,
  },
  {
    key: 'opamp_certificate',
    option: 'opampCertificate',
    type: optionalText('path'),
    default: null,
    env: ['SPANWRIGHT_OPAMP_CERTIFICATE'],
    doc: 'PEM file of the certificates to trust for `https://` and `wss://`. Unset: those of Node.',
  },
  {
    key: 'opamp_client_certificate',
    option: 'opampClientCertificate',
    type: optionalText('path'),
    default: null,
    env: ['SPANWRIGHT_OPAMP_CLIENT_CERTIFICATE'],
    doc: 'PEM file of the client certificate chain for the OpAMP server, for mutual TLS.',
  },
  {
    key: 'opamp_client_key',
    option: 'opampClientKey',
    type: optionalText('path'),
    default: null,
    env: ['SPANWRIGHT_OPAMP_CLIENT_KEY'],
    doc: 'PEM file of the private key of the client certificate for the OpAMP server.',
  },
  {
    key: 'opamp_interval',
    option: 'opampInterval',
    type: duration({ min: 100, max: 60 * 60_000 }),
    default: 30_000,
    env: ['SPANWRIGHT_OPAMP_INTERVAL'],
    doc: 'Time between two reports to the OpAMP server; over HTTP also the longest wait for a change.',
  },
] as const satisfies readonly KeyRow[];
