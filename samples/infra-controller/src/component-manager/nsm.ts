// NSM: NVLink switches, one BMC a switch. An update is queued in the BMC, which writes it when the switch is idle.

import { instrument, record } from 'spanwright';
import type { BmcClient } from './bmc-client.js';
import type { Component, FirmwareStatus, PowerAction } from './component.js';
import { firmwareImage } from './firmware-images.js';

export class NsmBackend {
  constructor(private readonly bmc: BmcClient) {}

  @instrument({ attributes: { backend: 'nsm' } })
  async powerControl(component: Component, @record('power.action') action: PowerAction): Promise<string> {
    const { body } = await this.bmc.send(component.endpoints[0], 'POST', '/power', { action });
    return String(body.state);
  }

  @instrument({ attributes: { backend: 'nsm' }, args: { version: 'firmware.version' } })
  async queueFirmwareUpdates(component: Component, version: string): Promise<FirmwareStatus> {
    const { body } = await this.bmc.send(component.endpoints[0], 'POST', `/queue/${version}`, firmwareImage(version));
    return body as unknown as FirmwareStatus;
  }

  @instrument({ attributes: { backend: 'nsm' } })
  async getFirmwareStatus(component: Component): Promise<FirmwareStatus[]> {
    const { body } = await this.bmc.send(component.endpoints[0], 'GET', '/firmware');
    return [body as unknown as FirmwareStatus];
  }

  @instrument({ attributes: { backend: 'nsm' } })
  async listFirmwareBundles(component: Component): Promise<string[]> {
    const { body } = await this.bmc.send(component.endpoints[0], 'GET', '/bundles');
    return body.bundles as string[];
  }
}
