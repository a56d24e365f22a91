// The certificates of `https://`: read and judged when the set-up is built, because OpenSSL ignores an authority that it cannot
// read, and reports a key that does not fit at the first connection only. Called by pipeline.ts, by setup/managed.ts for OpAMP and by
// `spanwright doctor`.

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
  /** Key and option without the prefix of what connects. */
  readonly key: string;
  readonly option: 'Certificate' | 'ClientCertificate' | 'ClientKey';
  readonly expected: string;
  /** @throws when the file cannot be used; `before` holds what the rows above have read. */
  judge(text: Buffer, before: Certificates): void;
}

/** Bundles of all public authorities have about 250 kB. */
const MAX_BYTES = 8 * 1024 * 1024;

const ROWS: readonly Row[] = [
  {
    name: 'ca',
    key: 'certificate',
    option: 'Certificate',
    expected: 'the certificates to trust, as PEM',
    judge: judgeCertificate,
  },
  {
    name: 'cert',
    key: 'client_certificate',
    option: 'ClientCertificate',
    expected: 'the client certificate, then those between it and its authority, as PEM',
    judge: judgeCertificate,
  },
  {
    name: 'key',
    key: 'client_key',
    option: 'ClientKey',
    expected: 'the private key of the client certificate, as PEM and without a passphrase',
    judge: (key, { cert }) => void tls().createSecureContext({ ...(cert && { cert }), key }),
  },
];

/** OpenSSL reads the first certificate of a text; it would accept a DER file here, and ignore it in a connection. */
function judgeCertificate(text: Buffer): void {
  if (!text.includes('-----BEGIN ')) throw new Error('it holds no PEM');
  new X509Certificate(text);
}

type Prefix = 'otlp' | 'opamp';

/**
 * @param prefix of the keys
 * @throws ConfigurationError that names the key and the file.
 */
export function readCertificates<For extends Prefix>(
  configuration: Pick<Configuration, `${For}${Row['option']}`>,
  prefix: For,
): Certificates {
  const certificates: Certificates = {};
  for (const { name, key: suffix, option, expected, judge } of ROWS) {
    const key = `${prefix}_${suffix}`;
    const path = configuration[`${prefix}${option}`];
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
