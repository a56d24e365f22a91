// `spanwright sign`: the header that has one request recorded. Its effect on a service: test/setup/signed-requests.test.ts.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { signedPath } from '../../runtime/gate/signed-requests.js';
import { invoke } from './invoke.js';

const SECRET = 'a secret of the operators';
const ENVIRONMENT = { SPANWRIGHT_TRACE_HEADER_SECRET: SECRET };

test('sign prints a header that is valid for the path, and a curl command with it', async () => {
  const { code, out, err } = await invoke(['sign', '--for', '5m', '--path', '/v1/power'], ENVIRONMENT);
  assert.is(code, 0, err);
  const [header = '', curl = ''] = out.split('\n');
  const [name, value = ''] = header.split(': ');
  assert.is(name, 'x-trace-this');
  assert.is(signedPath(SECRET, value), '/v1/power');
  assert.is(signedPath('another secret of others', value), undefined);
  assert.is(curl, `curl -H '${header}' 'http://127.0.0.1:8080/v1/power'`);
  const seconds = Number(value.split('.')[1]) - Date.now() / 1000;
  assert.ok(seconds > 290 && seconds <= 301, `${seconds}`);
  assert.not.match(out, SECRET);
});

test('the name of the header comes from the option, else the variable', async () => {
  const environment = { ...ENVIRONMENT, SPANWRIGHT_TRACE_HEADER: 'X-Look' };
  assert.match((await invoke(['sign'], environment)).out, /^x-look: 1\./);
  assert.match((await invoke(['sign', '--header', 'X-Other'], environment)).out, /^x-other: 1\./);
});

const WRONG: readonly (readonly [what: string, args: readonly string[], environment: Record<string, string>, says: RegExp])[] = [
  ['no secret', [], {}, /SPANWRIGHT_TRACE_HEADER_SECRET must hold/],
  ['a short secret', [], { SPANWRIGHT_TRACE_HEADER_SECRET: 'short-secret' }, /at least 16 characters/],
  ['a path without /', ['--path', 'v1'], ENVIRONMENT, /--path: found "v1"/],
  ['a path that ends the quotes', ['--path', "/'; rm"], ENVIRONMENT, /--path: found/],
  ['no time', ['--for', 'soon'], ENVIRONMENT, /--for: found "soon"/],
  ['a time that is too long', ['--for', '25h'], ENVIRONMENT, /from 1s to 24h/],
  ['an invalid header', ['--header', 'a b'], ENVIRONMENT, /--header: found "a b"/],
];

for (const [what, args, environment, says] of WRONG) {
  test(`sign refuses ${what}`, async () => {
    const { code, out, err } = await invoke(['sign', ...args], environment);
    assert.is(code, 2);
    assert.is(out, '');
    assert.match(err, says);
    assert.not.match(err, 'short-secret');
  });
}

test.run();
