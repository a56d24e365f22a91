// Certificates made at test time with openssl: an authority, a server certificate for localhost and 127.0.0.1, and a client's.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificates {
  /** Path of a PEM file. */
  path(name: 'ca' | 'server' | 'client', part: 'crt' | 'key'): string;
  read(name: 'ca' | 'server' | 'client', part: 'crt' | 'key'): Buffer;
  remove(): void;
}

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'spanwright-tls-'));
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test authority', '-days', '1');
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  for (const name of ['server', 'client']) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-out', `${name}.crt`, '-days', '1', '-extfile', 'names'); // biome-ignore format: one command
  }
  const path: Certificates['path'] = (name, part) => join(folder, `${name}.${part}`);
  return {
    path,
    read: (name, part) => readFileSync(path(name, part)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
