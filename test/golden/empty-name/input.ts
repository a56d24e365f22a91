import { instrument } from 'spanwright';

export class PowerService {
  @instrument({ name: '' })
  status() {}

  @instrument({ namespace: '  ' })
  list() {}

  @instrument({ name: 'update' })
  update() {}
}

export const plan = instrument({ name: '' }, () => 1);
