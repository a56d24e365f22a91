// The identity API, Keystone's part: gives a token for a name and a password, and returns the user of a token.

import { serveApi } from '../http/serve.js';
import { required } from '../settings.js';

serveApi('identity-api', async () => {
  const { BadRequest, fieldsOf } = await import('../http/api.js');
  const { SUBJECT_HEADER } = await import('../http/service-client.js');
  const { issueToken, userOf } = await import('./keystone-token.js');
  const [tokenKey, right] = [required(process.env, 'TOKEN_KEY'), required(process.env, 'PASSWORD')];
  return {
    routes: [
      {
        method: 'POST',
        path: '/v3/auth/tokens',
        open: true,
        run({ body }) {
          const { user, password } = fieldsOf(body);
          if (typeof user !== 'string' || password !== right) throw new BadRequest('Name or password is wrong.', 401);
          return { status: 201, body: { user }, headers: { [SUBJECT_HEADER]: issueToken(user, tokenKey) } };
        },
      },
      {
        method: 'GET',
        path: '/v3/auth/tokens',
        open: true,
        run({ headers }) {
          const user = userOf(headers[SUBJECT_HEADER.toLowerCase()], tokenKey);
          if (user === undefined) throw new BadRequest('There is no such token.', 404);
          return { status: 200, body: { user } };
        },
      },
    ],
  };
});
