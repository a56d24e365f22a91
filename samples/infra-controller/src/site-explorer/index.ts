// Walks the whole site: asks every BMC of every component who it is, and notes which components answered.

import { instrument } from 'spanwright';
import type { Inventory } from '../api-db/inventory.js';
import type { BmcClient } from '../component-manager/bmc-client.js';

export interface Exploration {
  explored: number;
  failures: number;
}

export class SiteExplorer {
  constructor(
    private readonly inventory: Inventory,
    private readonly bmc: BmcClient,
  ) {}

  @instrument({
    root: 'always',
    attributes: { 'carbide.trace_root': true },
    result: ({ explored, failures }: Exploration) => ({
      endpoint_explorations: explored,
      endpoint_explorations_success: explored - failures,
      endpoint_explorations_failures: failures,
    }),
  })
  async exploreSite(): Promise<Exploration> {
    const exploration = { explored: 0, failures: 0 };
    for (const id of await this.inventory.componentIds()) {
      const { endpoints } = await this.inventory.component(id);
      const answers = await Promise.allSettled(endpoints.map((endpoint) => this.bmc.send(endpoint, 'GET', '/power')));
      exploration.explored += answers.length;
      exploration.failures += answers.filter(({ status }) => status === 'rejected').length;
      if (answers.every(({ status }) => status === 'fulfilled')) await this.inventory.markSeen(id);
    }
    return exploration;
  }
}
