import { instrument } from 'spanwright';

const where = ['carbide', 'db'].join('::');

export class Store {
  @instrument({ namespace: where })
  find() {}

  @instrument({ namespace: `${where}::x` })
  get() {}

  @instrument({ namespace: 'carbide::db' })
  put() {}
}
