import { instrument } from 'spanwright';

export class PowerService {
  @instrument({ args: ['machinId', 'action'] })
  powerControl(machineId: string, action: string) {
    return machineId + action;
  }

  @instrument({ args: { action: 'power.action', rack: 'power.rack' } })
  list(action: string) {
    return action;
  }

  @instrument({ args: ['anything'] })
  none() {}

  @instrument({ args: ['machineId'] })
  right(machineId: string) {
    return machineId;
  }
}
