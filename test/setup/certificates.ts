// Certificates made at test time with openssl: an authority, a server certificate for localhost and 127.0.0.1, a client's, one of each
// that is over (`expired`), and one for another name (`elsewhere`).

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Name = 'ca' | 'server' | 'client' | 'expired' | 'elsewhere';

export interface Certificates {
  /** Path of a PEM file. */
  path(name: Name, part: 'crt' | 'key'): string;
  read(name: Name, part: 'crt' | 'key'): Buffer;
  remove(): void;
}

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'spanwright-tls-'));
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test authority', '-days', '1');
  writeFileSync(join(folder, 'here'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  writeFileSync(join(folder, 'there'), 'subjectAltName=DNS:elsewhere.example\n');
  for (const [name, days, names] of [
    ['server', '1', 'here'],
    ['client', '1', 'here'],
    ['expired', '-1', 'here'],
    ['elsewhere', '1', 'there'],
  ] as const) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      `${name}.crt`,
      '-days',
      days,
      '-extfile',
      names,
    );
  }
  const path: Certificates['path'] = (name, part) => join(folder, `${name}.${part}`);
  return {
    path,
    read: (name, part) => readFileSync(path(name, part)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
