import { instrument, record } from 'spanwright';
import * as spanwright from 'spanwright';

export class PowerService {
  constructor(@record('rack') readonly rack: string) {}

  status(@record machineId: string) {
    return machineId;
  }

  @instrument
  list(@record { page }: { page: number }, @record('') filter: string, @record('size') [size]: number[]) {
    return [page, filter, size];
  }

  @instrument
  powerOn(@record machineId: string, @record() action: string, @record('key') rest: string, @spanwright.record unit: string) {
    return [machineId, action, rest, unit];
  }

  @instrument.attributes
  select(@record rack: string) {
    return rack;
  }

  set level(@record value: number) {
    void value;
  }
}

@instrument
export class Whole {
  status(@record machineId: string) {
    return machineId;
  }

  @instrument.skip
  list(@record machineId: string) {
    return machineId;
  }

  set level(@record value: number) {
    void value;
  }
}
