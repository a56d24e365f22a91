// RMS: whole racks. Power and status go to every tray at once; an update goes to the rack's BMC first, which refuses it while
// the rack is locked, and only then to the trays.

import { instrument } from 'spanwright';
import type { BmcClient, BmcReply } from './bmc-client.js';
import type { Component, FirmwareStatus, PowerAction } from './component.js';
import { firmwareImage } from './firmware-images.js';

export class RmsBackend {
  constructor(private readonly bmc: BmcClient) {}

  @instrument({ attributes: { backend: 'rms' }, args: { action: 'power.action' } })
  async powerControl(component: Component, action: PowerAction): Promise<string> {
    const replies = await this.toAll(component, 'POST', '/power', { action });
    return [...new Set(replies.map(({ body }) => String(body.state)))].join(', ');
  }

  @instrument({ attributes: { backend: 'rms' }, args: { version: 'firmware.version' } })
  async updateFirmware(component: Component, version: string): Promise<FirmwareStatus> {
    const [rack, ...trays] = component.endpoints;
    const image = firmwareImage(version);
    const { body } = await this.bmc.send(rack, 'POST', `/firmware/${version}`, image);
    for (const tray of trays) await this.bmc.send(tray, 'POST', `/firmware/${version}`, image);
    return body as unknown as FirmwareStatus;
  }

  @instrument({ attributes: { backend: 'rms' } })
  async getFirmwareStatus(component: Component): Promise<FirmwareStatus[]> {
    const replies = await this.toAll(component, 'GET', '/firmware');
    return replies.map(({ body }) => body as unknown as FirmwareStatus);
  }

  @instrument({ attributes: { backend: 'rms' } })
  async listFirmwareBundles(component: Component): Promise<string[]> {
    const { body } = await this.bmc.send(component.endpoints[0], 'GET', '/bundles');
    return body.bundles as string[];
  }

  private toAll(component: Component, method: 'GET' | 'POST', path: string, body?: object): Promise<BmcReply[]> {
    return Promise.all(component.endpoints.map((endpoint) => this.bmc.send(endpoint, method, path, body)));
  }
}
