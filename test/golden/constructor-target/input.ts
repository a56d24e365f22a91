import { instrument } from 'spanwright';

export class PowerService {
  // @ts-expect-error the compiler refuses it too
  @instrument
  constructor() {}

  @instrument
  constructed() {}
}
