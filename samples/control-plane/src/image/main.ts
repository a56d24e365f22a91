// The image API, Glance's part: signs the address of an image for those who have a token, and serves the file to those who have the address.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { serveApi } from '../http/serve.js';

serveApi('image-api', async (_, { dataFolder }) => {
  const { ImageService } = await import('./images.js');
  const images = new ImageService(join(dataFolder, 'images'), randomBytes(32).toString('hex'));
  return {
    routes: [
      { method: 'GET', path: '/v2/images/:name', run: (_call, name) => ({ status: 200, body: images.sign(name) }) },
      {
        method: 'GET',
        path: '/v2/images/:name/file',
        open: true,
        run: ({ path, query }, name) => ({ status: 200, body: images.open(name, path, query) }),
      },
    ],
    listening(address) {
      images.address = address;
    },
  };
});
