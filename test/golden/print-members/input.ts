#!/usr/bin/env node
'use strict';
// A licence line that stays first.

import { instrument } from 'spanwright';

const KEY = Symbol('key');

/** Documented. */
export class PowerService {
  @instrument
  async powerControl(machineId: string, action = 'on', ...rest: string[]) {
    return [machineId, action, ...rest];
  }

  @instrument({ attributes: { backend: 'nsm' } })
  *each(this: PowerService, { from = 0 }: { from?: number }, run: number) {
    yield from + run;
  }

  @instrument
  static counted() {
    return arguments.length;
  }

  @instrument
  get status(): string {
    return 'ok';
  }

  @instrument
  'set-up'() {}

  @instrument
  async *[Symbol.asyncIterator]() {}

  @instrument
  [KEY](delete_: string) {
    return delete_;
  }

  @instrument
  handler = (id: string) => id;
}
