// Specification of a server, from the body of a request to the message that an agent gets. Parsed once, in the API, which refuses
// invalid ones.

import { BadRequest, fieldsOf, plainText } from '../http/api.js';

/** Flavors by name: what an instance takes of a host. */
export const FLAVORS: ReadonlyMap<string, { readonly vcpus: number }> = new Map([
  ['m1.small', { vcpus: 1 }],
  ['m1.xlarge', { vcpus: 8 }],
  ['m1.giant', { vcpus: 64 }],
]);

/** Full-disk encryption, as LUKS has it: the key is derived from the passphrase with as many rounds as take `iterTimeMs`. */
export interface Encryption {
  readonly passphrase: string;
  readonly iterTimeMs: number;
}

export interface ServerRequest {
  readonly name: string;
  readonly flavor: string;
  readonly vcpus: number;
  readonly image: string;
  readonly encryption: Encryption | undefined;
  /** Size of a volume beside the disk; the volume API refuses a size that it does not offer. */
  readonly volumeGb: number | undefined;
}

const MOST_ITER_TIME_MS = 10_000;

export function readServerRequest(body: unknown): ServerRequest {
  const { name, flavor, image, encryption, volumeGb } = fieldsOf(body);
  const kind = FLAVORS.get(String(flavor));
  if (kind === undefined)
    throw new BadRequest(`There is no flavor ${JSON.stringify(flavor)}; there are ${[...FLAVORS.keys()].join(', ')}.`);
  return {
    name: plainText('name', name),
    flavor: String(flavor),
    vcpus: kind.vcpus,
    image: plainText('image', image),
    encryption: encryption === undefined ? undefined : readEncryption(encryption),
    volumeGb: volumeGb === undefined ? undefined : Number(volumeGb),
  };
}

function readEncryption(value: unknown): Encryption {
  const { passphrase, iterTimeMs } = value as Partial<Record<keyof Encryption, unknown>>;
  if (typeof passphrase !== 'string' || passphrase === '') throw new BadRequest('encryption: passphrase is missing.');
  if (typeof iterTimeMs !== 'number' || !(iterTimeMs >= 0 && iterTimeMs <= MOST_ITER_TIME_MS))
    throw new BadRequest(`encryption: iterTimeMs must be a number from 0 to ${MOST_ITER_TIME_MS}.`);
  return { passphrase, iterTimeMs };
}
