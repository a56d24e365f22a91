import { instrument } from 'spanwright';

@instrument.attributes({ args: ['machineId'] })
export class PowerService {
  status(machineId: string) {
    return machineId;
  }
}

export class Store {
  // @ts-ignore the compiler refuses it too
  @instrument.attributes({ name: 'read', args: ['kez'] })
  read(key: string) {
    return key;
  }

  @instrument.attributes({ args: ['key'], level: 'debug', namespace: 'carbide::db' })
  @instrument
  write(key: string) {
    return key;
  }

  @instrument.attributes({ attributes: { backend: 'nsm' }, args: ['key'] })
  list(key: string) {
    return key;
  }
}
