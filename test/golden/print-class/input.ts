import { instrument } from 'spanwright';

const nearby = () => (_: object, __: string, descriptor: PropertyDescriptor) => descriptor;

@instrument({ kind: 'server' })
export class Reconciler {
  one(id: string) {
    return id;
  }

  static two() {}

  @instrument({ name: 'mine' })
  three() {}

  @instrument.skip
  four() {}

  @nearby()
  five(id: string) {
    return id;
  }

  [Symbol.iterator]() {}

  get six() {
    return 6;
  }
}
