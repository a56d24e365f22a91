// PSM: power shelves. The shelf's BMC switches the shelf; its supplies have controllers of their own, updated one after the
// other, because a shelf must not lose two supplies at once.

import { instrument } from 'spanwright';
import type { BmcClient } from './bmc-client.js';
import type { Component, FirmwareStatus, PowerAction } from './component.js';
import { firmwareImage } from './firmware-images.js';

export class PsmBackend {
  constructor(private readonly bmc: BmcClient) {}

  @instrument({ attributes: { backend: 'psm' }, args: { action: 'power.action' } })
  async powerControl(component: Component, action: PowerAction): Promise<string> {
    const { body } = await this.bmc.send(component.endpoints[0], 'POST', '/power', { action });
    return String(body.state);
  }

  @instrument({ attributes: { backend: 'psm' }, args: { version: 'firmware.version' } })
  async updateFirmware(component: Component, version: string): Promise<FirmwareStatus> {
    const image = firmwareImage(version);
    let status: FirmwareStatus | undefined;
    for (const supply of component.endpoints) {
      const { body } = await this.bmc.send(supply, 'POST', `/firmware/${version}`, image);
      status = body as unknown as FirmwareStatus;
    }
    return status as FirmwareStatus;
  }

  @instrument({ attributes: { backend: 'psm' } })
  async getFirmwareStatus(component: Component): Promise<FirmwareStatus[]> {
    const replies = await Promise.all(component.endpoints.map((supply) => this.bmc.send(supply, 'GET', '/firmware')));
    return replies.map(({ body }) => body as unknown as FirmwareStatus);
  }

  @instrument({ attributes: { backend: 'psm' } })
  async listFirmware(component: Component): Promise<string[]> {
    const { body } = await this.bmc.send(component.endpoints[0], 'GET', '/bundles');
    return body.bundles as string[];
  }
}
