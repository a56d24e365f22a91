import { instrument, record } from 'spanwright';

const KEYS = { rack: 'rack.id' };

export class PowerService {
  @instrument.attributes({ args: ['machineId'] })
  select(machineId: string) {
    return machineId;
  }

  @instrument.attributes({ args: KEYS, attributes: (rack: string) => ({ hall: rack.slice(0, 1) }) })
  async place(rack: string, _unit = 1) {
    return rack;
  }

  @instrument.attributes
  mark(@record('power.action') action: string, @record count: number) {
    return action.length + count;
  }

  @instrument.attributes({ attributes: { backend: 'nsm' } })
  static connect() {
    return 'nsm';
  }

  @instrument.attributes({ args: ['value'] })
  set level(value: number) {
    void value;
  }

  @instrument.attributes({ attributes: { pool: 'p' } })
  pooled = (key: string) => key;

  @instrument
  async powerControl(@record machineId: string) {
    this.level = 7;
    return [this.select(machineId), await this.place('A-1'), this.mark('on', 2), PowerService.connect(), this.pooled('k'), plan('j')];
  }
}

export const plan = instrument.attributes({ args: ['job'] }, (job: string) => job);
