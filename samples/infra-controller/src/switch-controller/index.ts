// Switches: a switch is configured once a bundle for it is known, and is ready from then on.

import { instrument } from 'spanwright';
import type { ManagedObject } from '../api-db/inventory.js';
import type { ComponentManager } from '../component-manager/index.js';
import type { ObjectController } from '../state-controller/index.js';

export class SwitchController implements ObjectController {
  constructor(private readonly components: ComponentManager) {}

  @instrument({ args: { objectId: 'object_id', state: 'state' } })
  async handleObjectState(objectId: string, state: string, object: ManagedObject): Promise<string> {
    const bundles = await this.components.listFirmware(object.component);
    if (bundles.length === 0) throw new Error(`switch ${objectId} in state "${state}" has no firmware bundle`);
    return state === 'discovered' ? 'configured' : 'ready';
  }
}
