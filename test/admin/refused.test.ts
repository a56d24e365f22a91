// allow_runtime_changes = false: every change is 403 PermissionDenied and the state stays as it was, whether tracing was
// configured on or off; reads go on.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ROUTES } from '../../runtime/admin/routes.js';
import { ask, fingerprint, quietHandler, Raw } from './client.js';
import { startService } from './service.js';

const BODIES: Readonly<Record<string, unknown>> = {
  enabled: { enabled: true },
  rules: { rules: 'carbide=off' },
  drop: { drop: 'carbide' },
};

for (const enabled of [true, false]) {
  test(`configured ${enabled ? 'on' : 'off'}, every change is refused and the state stays`, async () => {
    const tracing = await startService({ enabled, allowRuntimeChanges: false });
    try {
      const { admin, log } = quietHandler(tracing);
      const before = fingerprint(tracing);
      const changes = ROUTES.filter(({ method }) => method !== 'GET');
      assert.ok(changes.length >= 4);
      for (const { method, path } of changes) {
        for (const body of [
          BODIES[path],
          ...(method === 'PUT' ? [{ ...(BODIES[path] as object), enabled: !enabled }, new Raw('{')] : []),
        ]) {
          const answer = await ask(admin, method, `/tracing/${path.replace(':id', '1')}`, { body });
          assert.is(answer.status, 403, `${method} ${path}: ${answer.text}`);
          assert.is(answer.json.error.code, 'PermissionDenied');
          assert.match(answer.json.error.message, 'allow_runtime_changes');
        }
      }
      assert.is(fingerprint(tracing), before);
      assert.is(tracing.enabled, enabled);
      assert.ok(log.length > 0 && log.every((line) => line.startsWith('spanwright admin: refused: ')));
      const state = await ask(admin, 'GET', '/tracing/state');
      assert.is(state.status, 200);
      assert.is(state.json.allowRuntimeChanges, false);
      assert.is((await ask(admin, 'PUT', '/tracing/enabled', { token: 'guess', body: { enabled: true } })).status, 401);
    } finally {
      await tracing.shutdown();
    }
  });

  test(`configured ${enabled ? 'on' : 'off'} and changes allowed, the same change is made`, async () => {
    const tracing = await startService({ enabled });
    try {
      const { admin } = quietHandler(tracing);
      assert.is((await ask(admin, 'PUT', '/tracing/enabled', { body: { enabled: !enabled } })).status, 200);
      assert.is(tracing.enabled, !enabled);
    } finally {
      await tracing.shutdown();
    }
  });
}

test.run();
