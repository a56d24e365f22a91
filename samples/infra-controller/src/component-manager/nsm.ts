// NSM: NVLink switches, one BMC a switch.

import { instrument, record } from 'spanwright';
import type { BmcClient } from './bmc-client.js';
import type { Backend, Component, FirmwareStatus, PowerAction } from './component.js';
import { firmwareImage } from './firmware-images.js';

export class NsmBackend implements Backend {
  constructor(private readonly bmc: BmcClient) {}

  @instrument({ attributes: { backend: 'nsm' } })
  async powerControl(component: Component, @record('power.action') action: PowerAction): Promise<string> {
    const { body } = await this.bmc.send(component.endpoints[0], 'POST', '/power', { action });
    return String(body.state);
  }

  @instrument({ attributes: { backend: 'nsm' }, args: { version: 'firmware.version' } })
  async updateFirmware(component: Component, version: string): Promise<FirmwareStatus> {
    const { body } = await this.bmc.send(component.endpoints[0], 'POST', `/firmware/${version}`, firmwareImage(version));
    return body as unknown as FirmwareStatus;
  }

  @instrument({ attributes: { backend: 'nsm' } })
  async getFirmwareStatus(component: Component): Promise<FirmwareStatus[]> {
    const { body } = await this.bmc.send(component.endpoints[0], 'GET', '/firmware');
    return [body as unknown as FirmwareStatus];
  }

  @instrument({ attributes: { backend: 'nsm' } })
  async listFirmware(component: Component): Promise<string[]> {
    const { body } = await this.bmc.send(component.endpoints[0], 'GET', '/bundles');
    return body.bundles as string[];
  }
}
