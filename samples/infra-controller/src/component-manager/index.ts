// Finds the component in the inventory and the backend for it. The spans are those of the backends; what changes a component adds its
// id to the span of the caller.

import { instrument } from 'spanwright';
import type { Inventory } from '../api-db/inventory.js';
import { BmcClient } from './bmc-client.js';
import type { Backend, BackendName, FirmwareStatus, PowerAction } from './component.js';
import { NsmBackend } from './nsm.js';
import { PsmBackend } from './psm.js';
import { RmsBackend } from './rms.js';

export class ComponentManager {
  private readonly backends: Readonly<Record<BackendName, Backend>>;

  constructor(
    private readonly inventory: Inventory,
    bmc = new BmcClient(),
  ) {
    this.backends = { nsm: new NsmBackend(bmc), psm: new PsmBackend(bmc), rms: new RmsBackend(bmc) };
  }

  @instrument.attributes({ args: { id: 'component.id' } })
  async powerControl(id: string, action: PowerAction): Promise<string> {
    const component = await this.inventory.component(id);
    const state = await this.backends[component.backend].powerControl(component, action);
    await this.inventory.setPowerState(id, state);
    return state;
  }

  @instrument.attributes({ args: { id: 'component.id' } })
  async updateFirmware(id: string, version: string): Promise<FirmwareStatus> {
    const component = await this.inventory.component(id);
    const backend = this.backends[component.backend];
    if ('queueFirmwareUpdates' in backend) return backend.queueFirmwareUpdates(component, version);
    const status = await backend.updateFirmware(component, version);
    await this.inventory.setFirmware(id, status.version);
    return status;
  }

  async getFirmwareStatus(id: string): Promise<FirmwareStatus[]> {
    const component = await this.inventory.component(id);
    return this.backends[component.backend].getFirmwareStatus(component);
  }

  async listFirmware(id: string): Promise<string[]> {
    const component = await this.inventory.component(id);
    const backend = this.backends[component.backend];
    return 'listFirmware' in backend ? backend.listFirmware(component) : backend.listFirmwareBundles(component);
  }
}
