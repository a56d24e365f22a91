// The certificates of `https://`: read and judged when the set-up is built, because OpenSSL ignores an authority that it cannot
// read, and reports a key that does not fit at the first connection only. Called by pipeline.ts and by `spanwright doctor`.

import { X509Certificate } from 'node:crypto';
import type { Configuration } from '../config/configuration.js';
import { ConfigurationError } from '../errors.js';
import { readBoundedFile, UnfitFile } from '../text/bounded-file.js';

/** Loaded where a certificate is configured. */
const tls = (): typeof import('node:tls') => require('node:tls');

export interface Certificates {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
}

interface Row {
  readonly name: keyof Certificates;
  readonly key: string;
  readonly option: 'otlpCertificate' | 'otlpClientCertificate' | 'otlpClientKey';
  readonly expected: string;
  /** @throws when the file cannot be used; `before` holds what the rows above have read. */
  judge(text: Buffer, before: Certificates): void;
}

/** Bundles of all public authorities have about 250 kB. */
const MAX_BYTES = 8 * 1024 * 1024;

const ROWS: readonly Row[] = [
  {
    name: 'ca',
    key: 'otlp_certificate',
    option: 'otlpCertificate',
    expected: 'the certificates to trust, as PEM',
    judge: judgeCertificate,
  },
  {
    name: 'cert',
    key: 'otlp_client_certificate',
    option: 'otlpClientCertificate',
    expected: 'the client certificate, then those between it and its authority, as PEM',
    judge: judgeCertificate,
  },
  {
    name: 'key',
    key: 'otlp_client_key',
    option: 'otlpClientKey',
    expected: 'the private key of otlp_client_certificate, as PEM and without a passphrase',
    judge: (key, { cert }) => void tls().createSecureContext({ ...(cert && { cert }), key }),
  },
];

/** OpenSSL reads the first certificate of a text; it would accept a DER file here, and ignore it in a connection. */
function judgeCertificate(text: Buffer): void {
  if (!text.includes('-----BEGIN ')) throw new Error('it holds no PEM');
  new X509Certificate(text);
}

/** @throws ConfigurationError that names the key and the file. */
export function readCertificates(configuration: Pick<Configuration, Row['option']>): Certificates {
  const certificates: Certificates = {};
  for (const { name, key, option, expected, judge } of ROWS) {
    const path = configuration[option];
    if (path === null) continue;
    let text: Buffer;
    try {
      text = readBoundedFile(path, MAX_BYTES).bytes;
    } catch (error) {
      const why = error instanceof UnfitFile ? error.message : (error as NodeJS.ErrnoException).code;
      throw new ConfigurationError(`${key}: the file ${path} cannot be read (${why}); expected a PEM file.`);
    }
    try {
      judge(text, certificates);
    } catch (error) {
      const why = (error as Error).message;
      throw new ConfigurationError(`${key}: the file ${path} cannot be used (${why}); expected ${expected}.`);
    }
    certificates[name] = text;
  }
  return certificates;
}
