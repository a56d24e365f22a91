// Power shelves: a shelf is ready when all its supplies run the same firmware, degraded when they differ.

import { instrument } from 'spanwright';
import type { ManagedObject } from '../api-db/inventory.js';
import type { ComponentManager } from '../component-manager/index.js';
import type { ObjectController } from '../state-controller/index.js';

export class PowerShelfController implements ObjectController {
  constructor(private readonly components: ComponentManager) {}

  @instrument({ args: { objectId: 'object_id', state: 'state' } })
  async handleObjectState(objectId: string, state: string, object: ManagedObject): Promise<string> {
    const supplies = await this.components.getFirmwareStatus(object.component);
    if (supplies.length === 0) throw new Error(`power shelf ${objectId} in state "${state}" has no supplies`);
    return new Set(supplies.map((supply) => supply.version)).size === 1 ? 'ready' : 'degraded';
  }
}
