// assertNoOpenSpans(), as a user's test calls it.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertNoOpenSpans, instrument, SpanwrightError } from '../../runtime/index.js';
import { traced } from '../gate/tracing.js';

test('assertNoOpenSpans passes when nothing is open', () =>
  traced({ enabled: true }, async () => {
    await instrument({ namespace: 'a', name: 'done' }, async () => {})();
    assertNoOpenSpans();
  }));

test('assertNoOpenSpans throws with the opener of each open span, oldest first', () =>
  traced({ enabled: true }, async () => {
    let go: () => void = () => {};
    const wait = instrument({ namespace: 'carbide::api', name: 'wait' }, () => new Promise<void>((resolve) => (go = resolve)));
    const call = wait();
    assert.throws(assertNoOpenSpans, (error: unknown) => {
      assert.instance(error, SpanwrightError);
      assert.is((error as SpanwrightError).code, 'OPEN_SPANS');
      assert.match(
        (error as Error).message,
        /^1 span is open:\n {2}"wait" of carbide::api::.*, open for \d+ ms, trace [0-9a-f]{32}$/,
      );
      return true;
    });
    go();
    await call;
    assertNoOpenSpans();
  }));

test('the message stays short however many are open', () =>
  traced({ enabled: true }, async () => {
    const opens: (() => void)[] = [];
    const wait = instrument({ namespace: 'a', name: 'wait' }, () => new Promise<void>((resolve) => opens.push(resolve)));
    const calls = Array.from({ length: 100 }, () => wait());
    assert.throws(assertNoOpenSpans, /and 80 more$/);
    for (const open of opens) open();
    await Promise.all(calls);
  }));

test.run();
