// OpenTelemetry's variables that are not followed are logged where they are set, and only there.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { KEYS } from '../../runtime/config/keys.js';
import { NOT_FOLLOWED, notFollowed } from '../../runtime/config/standard.js';
import { startTracing } from '../../runtime/index.js';
import { setNoticeLogger } from '../../runtime/warnings.js';

test('logs a variable by its name, with what takes its place, and without its value', () => {
  assert.ok(NOT_FOLLOWED.length > 0);
  for (const { name } of NOT_FOLLOWED) {
    for (const value of ['hunter2', '1']) {
      const [said, ...more] = notFollowed({ [name]: value });
      assert.is(said?.name, name, value);
      assert.equal(more, []);
      assert.ok(said?.line.startsWith(`${name}: `) && said.line.length > name.length + 20);
      assert.not.match(said?.line ?? '', /hunter2/);
    }
  }
});

test('logs nothing for a variable that is empty or not set', () => {
  assert.equal(notFollowed({}), []);
  for (const { name } of NOT_FOLLOWED) {
    for (const value of ['', ' ']) assert.equal(notFollowed({ [name]: value }), [], `${name}="${value}"`);
  }
});

test('no variable is both followed and not', () => {
  const followed = new Set(KEYS.flatMap(({ env }): readonly string[] => env));
  assert.ok(followed.has('OTEL_SERVICE_NAME'));
  for (const { name } of NOT_FOLLOWED) assert.not.ok(followed.has(name), name);
});

test('a set-up that is built says it at its start; one that has nothing to send to does not', async () => {
  const lines: string[] = [];
  const before = setNoticeLogger((_level, line) => lines.push(line));
  process.env.OTEL_CONFIG_FILE = 'otel.yaml';
  try {
    await (await startTracing({})).shutdown();
    assert.equal(
      lines.filter((line) => line.includes('SPW024')),
      [],
    );
    await (await startTracing({ endpoint: 'http://127.0.0.1:1' })).shutdown();
    assert.is(lines.filter((line) => /SPW024 .*: OTEL_CONFIG_FILE: .*SPANWRIGHT_CONFIG/.test(line)).length, 1);
  } finally {
    delete process.env.OTEL_CONFIG_FILE;
    setNoticeLogger(before);
  }
});

test.run();
