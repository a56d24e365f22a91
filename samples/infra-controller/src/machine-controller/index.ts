// Machines: a machine that was found is powered on with its rack, then is ready as long as its firmware can be read.

import { instrument } from 'spanwright';
import type { ManagedObject } from '../api-db/inventory.js';
import type { ComponentManager } from '../component-manager/index.js';
import type { ObjectController } from '../state-controller/index.js';

export class MachineController implements ObjectController {
  constructor(private readonly components: ComponentManager) {}

  @instrument({ args: { machineId: 'object_id', state: 'state' } })
  async handleObjectState(machineId: string, state: string, object: ManagedObject): Promise<string> {
    switch (state) {
      case 'discovered':
        await this.components.powerControl(object.component, 'on');
        return 'provisioning';
      case 'provisioning':
      case 'ready':
        await this.components.getFirmwareStatus(object.component);
        return 'ready';
      default:
        throw new Error(`machine ${machineId} is in a state that no controller knows: "${state}"`);
    }
  }
}
