// A span of an unknown place has no attributes of a place, rather than empty ones.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, startSpan } from '../../runtime/index.js';
import { traced } from '../gate/tracing.js';

test('a function without a namespace has no code.namespace; one with a namespace has it', () =>
  traced({ enabled: true }, async ({ spans }) => {
    instrument(function plain() {})();
    instrument({ namespace: 'carbide::api' }, function placed() {})();
    startSpan('by hand').end();
    assert.equal(
      (await spans()).map(({ name, attributes }) => [name, attributes['code.namespace'], attributes['code.function.name']]),
      [
        ['plain', undefined, 'plain'],
        ['placed', 'carbide::api', 'carbide::api::placed'],
        ['by hand', undefined, undefined],
      ],
    );
    assert.not.ok('code.namespace' in ((await spans())[0]?.attributes ?? {}));
  }));

test.run();
