import { instrument } from 'spanwright';

export abstract class Backend {
  // @ts-ignore the compiler refuses it too
  @instrument
  abstract status(id: string): string;

  @instrument
  describe() {
    return this.status('1');
  }
}
