import { instrument } from 'spanwright';

const __spanwright = 'taken';

namespace Outer.Inner {
  export class PowerService {
    #gate = __spanwright;

    @instrument
    #secret(gate: string) {
      return this.#gate + gate;
    }

    @instrument
    open() {
      return this.#secret('');
    }
  }
}

export default Outer;
