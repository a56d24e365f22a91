import { instrument } from 'spanwright';

export class PowerService {
  // @ts-ignore the compiler refuses it too
  @instrument({ atributes: { backend: 'nsm' } })
  status() {}

  // @ts-ignore the compiler refuses it too
  @instrument({ colour: 'red' })
  list() {}

  @instrument({ attributes: { colour: 'red' } })
  update() {}
}
