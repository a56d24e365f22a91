// The volume API, Cinder's part: a volume for a server, as a file that takes no room until it is written to.

import { join } from 'node:path';
import { serveApi } from '../http/serve.js';

serveApi('volume-api', async (_, { dataFolder }) => {
  const { fieldsOf, plainText } = await import('../http/api.js');
  const { Volumes } = await import('./volumes.js');
  const volumes = new Volumes(join(dataFolder, 'volumes'));
  return {
    routes: [
      {
        method: 'POST',
        path: '/v3/volumes',
        async run({ body }) {
          const { server, gb } = fieldsOf(body);
          return { status: 201, body: await volumes.create(plainText('server', server), Number(gb)) };
        },
      },
      {
        method: 'DELETE',
        path: '/v3/volumes/:server',
        run: async (_call, server) => ({ status: 200, body: await volumes.delete(server) }),
      },
    ],
  };
});
