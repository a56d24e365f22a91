import { instrument } from 'spanwright';
import * as sw from 'spanwright';

export class PowerService {
  @instrument
  @sw.instrument({ name: 'again' })
  status() {}

  @instrument
  once() {}
}

@instrument
@instrument
export class Twice {
  run() {}
}
