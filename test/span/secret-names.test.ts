// The names of secrets that are hidden by default, each with names that look alike and stay readable.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { namesSecret } from '../../runtime/span/secret-names.js';

const ROWS: readonly [what: string, hidden: string, readable: string][] = [
  [
    'password',
    'password Password userPassword user_password user.password DB_PASSWORD PGPASSWORD dbpassword passwords passWord pass_word',
    'passwordless passwordLength hasPassword has_password password_reset_count password.expired passage bypass compass',
  ],
  ['passwd', 'passwd mysql_passwd pwd mysql_pwd MYSQL_PWD passphrase passcode', 'passenger pwdless'],
  [
    'secret',
    'secret clientSecret client_secret clientsecret secrets secretKey SECRET_KEY app.secret',
    'secretary secretariat secretion secretName secret_type',
  ],
  [
    'token',
    'token apiToken accessToken access_token refresh-token accesstoken id_token tokenValue xAuthToken X-Token',
    'tokens maxTokens max_token tokenCount tokenizer tokenize gen_ai.usage.input_tokens input_tokens token_type tokenExpiresAt',
  ],
  [
    'API key',
    'apiKey api_key x-api-key X-API-Key APIKEY apikeys api.key apiKeyId',
    'api keys key keyId primary_key apiKeyCount monkey',
  ],
  [
    'authorization',
    'authorization Authorization proxy-authorization http.request.header.authorization authHeader',
    'author authors authority authorId authorized authorizationScheme auth.method',
  ],
  ['cookie', 'cookie cookies setCookie set-cookie http.request.header.cookie', 'cookieCount cookiecutter cookbook cookie.name'],
  [
    'private key',
    'privateKey private_key PRIVATE-KEY privatekey rsaPrivateKey signingKey',
    'privateIp private public_key publicKey',
  ],
  [
    'session',
    'session sessionId session_id session.id JSESSIONID sessionKey',
    'sessions sessionCount session_duration obsession',
  ],
  [
    'credit card',
    'creditCard credit_card creditCardNumber credit-card cardNumber card_number cvv',
    'card cardinality creditLimit credit',
  ],
  [
    'others',
    'jwt csrfToken xsrf credentials awsAccessKey ssn socialSecurity connectionString bearerToken otp',
    'missionControl lesson',
  ],
  [
    'what Spanwright and OpenTelemetry name',
    'db.query.parameter.password rpc.request.metadata.authorization url.template.apikey',
    'code.function.name spanwright.session.key spanwright.leak http.request.method db.query.text messaging.message.id exception.type',
  ],
];
for (const [what, hidden, readable] of ROWS) {
  test(`${what}: hidden in every spelling`, () => {
    for (const name of hidden.split(' ')) assert.ok(namesSecret(name), name);
  });
  test(`${what}: similar names that are no secrets are not hidden`, () => {
    for (const name of readable.split(' ')) assert.not.ok(namesSecret(name), name);
  });
}

test('a name of any length and alphabet is answered quickly', () => {
  const started = performance.now();
  for (const name of ['a'.repeat(20_000), 'aB'.repeat(20_000), `${'x_'.repeat(20_000)}token`, '秘密', '', '...', '\ud800'])
    namesSecret(name);
  assert.ok(performance.now() - started < 5000);
});

test.run();
