// The process of the management cluster: places the orders of a day in both regions, prints the result of each as a line of JSON,
// and ends. Its spans go straight to the central Collector.

import { startTracing } from 'spanwright';
import { announce, endTracing, run } from '../lifecycle.js';
import { required, tracingFile, wholeNumber } from '../settings.js';
import { Greenhouse, type Outcome } from './greenhouse.js';

const MOST_LOOKS = 1000;
const DEFAULT_LOOKS = 12;
/** How long the key of an encrypted disk may take to derive; LUKS takes two seconds by default. */
const ITER_TIME_MS = 1500;

run(async () => {
  const resource = { 'service.instance.id': 'greenhouse' };
  const tracing = await startTracing({ configFile: tracingFile(process.env), serviceName: 'greenhouse', resource });
  const { env } = process;
  const apis = { a: required(env, 'API_A'), b: required(env, 'API_B') };
  const greenhouse = new Greenhouse(required(env, 'IDENTITY'), apis);
  const encryption = { passphrase: required(env, 'PASSPHRASE'), iterTimeMs: ITER_TIME_MS };

  announce({ ready: 'greenhouse' });

  const small = { flavor: 'm1.small', image: 'cirros' };
  const boot = (what: string, cluster: 'a' | 'b', server: object) =>
    greenhouse.order(what, cluster, 'POST', '/v2.1/servers', server);
  const outcomes = [
    await greenhouse.logIn('alice@example.com', required(env, 'PASSWORD')),
    await boot('boot', 'a', { name: 'web-1', ...small }),
    await boot('boot across clusters', 'a', { name: 'database-1', flavor: 'm1.xlarge', image: 'ubuntu' }),
    await boot('boot with a volume', 'a', { name: 'files-1', ...small, volumeGb: 2 }),
    await boot('boot encrypted', 'b', { name: 'vault-1', ...small, encryption }),
    await boot('boot encrypted across clusters', 'a', { name: 'vault-2', flavor: 'm1.xlarge', image: 'cirros', encryption }),
    await boot('boot from a damaged image', 'a', { name: 'web-2', flavor: 'm1.small', image: 'damaged' }),
    await boot('boot a server that fits nowhere', 'a', { name: 'giant-1', flavor: 'm1.giant', image: 'cirros' }),
  ];
  const booted = outcomes.flatMap(({ body }) => (body.server === undefined ? [] : [String(body.server.id)]));
  for (let look = 0; look < wholeNumber(env, 'LOOKS', DEFAULT_LOOKS, MOST_LOOKS); look++)
    outcomes.push(
      await greenhouse.order('look', look % 2 === 0 ? 'a' : 'b', 'GET', `/v2.1/servers/${booted[look % booted.length]}`),
    );
  for (const id of booted) outcomes.push(await greenhouse.order('delete', 'a', 'DELETE', `/v2.1/servers/${id}`));
  for (const { body: _, ...outcome } of outcomes as Outcome[]) announce({ outcome });
  await endTracing(tracing);
});
