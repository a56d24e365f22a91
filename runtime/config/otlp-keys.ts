// Rows of the table of configuration keys that concern the exporter. Part of KEYS in keys.ts.

import type { KeyRow } from './key-row.js';
import { headers } from './tables.js';
import { choice, duration, optionalAddress, optionalBoolean, optionalText } from './types.js';

const MINUTE = 60_000;

export const OTLP_KEYS = [
  {
    key: 'otlp_endpoint',
    option: 'endpoint',
    type: optionalAddress(),
    default: null,
    env: ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    doc: 'Address of the Collector: `http://host:4317` (plaintext) or `https://host:4317` (TLS). Unset: nothing is built.',
  },
  {
    key: 'otlp_protocol',
    option: 'otlpProtocol',
    type: choice(['grpc', 'http/protobuf']),
    default: 'grpc',
    env: ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'],
    doc: 'OTLP over gRPC, or over HTTP (default path `/v1/traces`).',
  },
  {
    key: 'otlp_insecure',
    option: 'otlpInsecure',
    type: optionalBoolean(),
    default: null,
    env: ['OTEL_EXPORTER_OTLP_TRACES_INSECURE', 'OTEL_EXPORTER_OTLP_INSECURE'],
    doc: 'For an endpoint without a scheme over gRPC: plaintext (`true`) or TLS (`false`). Unset: TLS for an endpoint of the environment, an error for others.',
  },
  {
    key: 'traces_exporter',
    option: 'tracesExporter',
    type: choice(['otlp', 'console', 'none']),
    default: 'otlp',
    env: ['OTEL_TRACES_EXPORTER'],
    doc: 'Destination of spans: the endpoint, standard output, or none. An `exporter` given in code has precedence.',
  },
  {
    key: 'otlp_headers',
    option: 'otlpHeaders',
    type: headers(),
    default: Object.freeze({}),
    env: ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'OTEL_EXPORTER_OTLP_HEADERS'],
    doc: 'Headers (gRPC metadata) sent with every export, for example a token.',
    secret: true,
  },
  {
    key: 'otlp_compression',
    option: 'otlpCompression',
    type: choice(['none', 'gzip']),
    default: 'none',
    env: ['OTEL_EXPORTER_OTLP_TRACES_COMPRESSION', 'OTEL_EXPORTER_OTLP_COMPRESSION'],
    doc: 'Compression of exports.',
  },
  {
    key: 'otlp_timeout',
    option: 'otlpTimeout',
    type: duration({ min: 10, max: 10 * MINUTE }),
    default: 10_000,
    env: ['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT'],
    doc: 'Longest time for one attempt to send a batch.',
  },
  {
    key: 'otlp_certificate',
    option: 'otlpCertificate',
    type: optionalText('path'),
    default: null,
    env: ['OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE', 'OTEL_EXPORTER_OTLP_CERTIFICATE'],
    doc: 'PEM file of the certificates to trust for `https://`. Unset: those of Node.',
  },
  {
    key: 'otlp_client_certificate',
    option: 'otlpClientCertificate',
    type: optionalText('path'),
    default: null,
    env: ['OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE', 'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE'],
    doc: 'PEM file of the client certificate chain, for mutual TLS.',
  },
  {
    key: 'otlp_client_key',
    option: 'otlpClientKey',
    type: optionalText('path'),
    default: null,
    env: ['OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY', 'OTEL_EXPORTER_OTLP_CLIENT_KEY'],
    doc: 'PEM file of the private key of the client certificate.',
  },
] as const satisfies readonly KeyRow[];
