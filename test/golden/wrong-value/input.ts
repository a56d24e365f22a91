import { instrument } from 'spanwright';

export class PowerService {
  // @ts-ignore the compiler refuses it too
  @instrument({ level: 'debgu' })
  status() {}

  // @ts-ignore the compiler refuses it too
  @instrument({ root: 'sometimes', kind: 'Server' })
  list() {}

  @instrument({ level: 'debug', root: 'never', kind: 'server', link: 'same-trace', until: 'end' })
  update() {}
}
