// The variables that `spanwright doctor --pid` shows: secrets are masked, and paths are shown as they are.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkEnvironment } from '../../cli/doctor/process.js';

/** The value that is shown for a variable. */
function shown(name: string, value: string): string | undefined {
  const [{ found } = { found: '' }] = checkEnvironment({ pid: 7, directory: '/', environment: { [name]: value } });
  const start = `process 7 has ${name}=`;
  return found.startsWith(start) ? found.slice(start.length) : undefined;
}

const OPTIONS_WITHOUT_CREDENTIALS = [
  '--require @acme/agent --import file:///app/hook.mjs',
  '--import file:///app/node_modules/@acme/agent/hook.mjs?early=1#x --require @acme/other',
  '--import=file:///app/@acme/hook.mjs --max-old-space-size=512',
  '--require "/my app/@acme/agent.js" --import "file:///my app/@acme/hook.mjs"',
  '--inspect=127.0.0.1:9229 --require ./a@b.js',
];
for (const value of OPTIONS_WITHOUT_CREDENTIALS)
  test(`shows NODE_OPTIONS without credentials unchanged: ${value}`, () => assert.is(shown('NODE_OPTIONS', value), value));

const OPTIONS_WITH_CREDENTIALS: readonly (readonly [value: string, masked: string])[] = [
  [
    '--require @acme/agent --import https://me:hidden@host/hook.mjs --import file:///app/@acme/hook.mjs',
    '--require @acme/agent --import https://***@host/hook.mjs --import file:///app/@acme/hook.mjs',
  ],
  ['--import=https://me:hid/den@host/hook.mjs --no-warnings', '--import=https://***@host/hook.mjs --no-warnings'],
  ['--import=https://host/hook.mjs?key=hidden --no-warnings', '--import=https://host/hook.mjs?*** --no-warnings'],
  ['--import "https://me:hidden hidden@host/a.mjs" --no-warnings', '--import "https://***@host/a.mjs" --no-warnings'],
  ['--import "https://me:hidden hidden@host/a.mjs', '--import "https://***@host/a.mjs'],
  ['--import https://me:hid"den@host/a.mjs', '--import https://***@host/a.mjs'],
  ['--import https://me:hidden@host/?next=file:///a', '--import https://***@host/?***'],
  ['--import profile://me:hidden@host/a', '--import profile://***@host/a'],
];
for (const [value, masked] of OPTIONS_WITH_CREDENTIALS)
  test(`masks credentials of URLs in NODE_OPTIONS: ${masked}`, () => assert.is(shown('NODE_OPTIONS', value), masked));

for (const name of ['OTEL_EXPORTER_OTLP_CLIENT_KEY', 'OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY'])
  test(`shows the path in ${name}`, () => assert.is(shown(name, '/tls/client.key'), '/tls/client.key'));

for (const name of [
  'SPANWRIGHT_ADMIN_TOKEN',
  'SPANWRIGHT_TRACE_HEADER_SECRET',
  'SPANWRIGHT_REDIS_PASSWORD',
  'OTEL_EXPORTER_OTLP_HEADERS',
])
  test(`masks the value of ${name}`, () => {
    assert.is(shown(name, 'hidden'), '***');
    assert.is(shown(name, ''), '');
  });

test('masks credentials, query and fragment of an address', () => {
  assert.is(
    shown('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://me:hidden@collector:4317/?key=hidden'),
    'http://***@collector:4317/?***',
  );
});

test('leaves out variables that do not concern tracing', () => assert.is(shown('PGPASSWORD', 'hidden'), undefined));

test.run();
