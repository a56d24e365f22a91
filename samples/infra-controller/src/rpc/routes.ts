// The service's routes, one row each: what is asked of it, the name of the operation, and what it does. Arguments are read
// strictly: what is missing or of a wrong kind is a BadRequestError that names it.

import { type Inventory, OBJECT_KINDS } from '../api-db/inventory.js';
import type { Migrator } from '../api-db/migrations.js';
import { POWER_ACTIONS } from '../component-manager/component.js';
import { FIRMWARE_VERSIONS } from '../component-manager/firmware-images.js';
import type { ComponentManager } from '../component-manager/index.js';
import type { SiteExplorer } from '../site-explorer/index.js';
import type { StateController } from '../state-controller/index.js';
import { BadRequestError } from './api-error.js';

/** Arguments of a request: those of its query, and the fields of its JSON body. */
export type Arguments = ReadonlyMap<string, unknown>;

export interface Route {
  method: 'GET' | 'POST';
  path: string;
  /** Service and method, as a gRPC interface would name them. */
  rpc: readonly [service: string, method: string];
  run(args: Arguments): Promise<unknown>;
}

export interface Services {
  inventory: Inventory;
  components: ComponentManager;
  states: StateController;
  explorer: SiteExplorer;
  migrator: Migrator;
}

export function createRoutes({ inventory, components, states, explorer, migrator }: Services): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/power',
      rpc: ['carbide.ComponentManager', 'PowerControl'],
      run: async (args) => ({
        state: await components.powerControl(text(args, 'component'), oneOf(args, 'action', POWER_ACTIONS)),
      }),
    },
    {
      method: 'POST',
      path: '/v1/firmware',
      rpc: ['carbide.ComponentManager', 'UpdateFirmware'],
      run: (args) => components.updateFirmware(text(args, 'component'), oneOf(args, 'version', FIRMWARE_VERSIONS)),
    },
    {
      method: 'GET',
      path: '/v1/firmware',
      rpc: ['carbide.ComponentManager', 'GetFirmwareStatus'],
      run: (args) => components.getFirmwareStatus(text(args, 'component')),
    },
    {
      method: 'GET',
      path: '/v1/firmware/bundles',
      rpc: ['carbide.ComponentManager', 'ListFirmware'],
      run: (args) => components.listFirmware(text(args, 'component')),
    },
    {
      method: 'POST',
      path: '/v1/reconcile',
      rpc: ['carbide.StateController', 'Reconcile'],
      run: (args) => states.reconcile(oneOf(args, 'kind', OBJECT_KINDS)),
    },
    { method: 'POST', path: '/v1/explore', rpc: ['carbide.SiteExplorer', 'ExploreSite'], run: () => explorer.exploreSite() },
    {
      method: 'GET',
      path: '/v1/dns/records',
      rpc: ['carbide.Dns', 'LookupRecord'],
      run: async (args) => ({ records: await inventory.dnsRecords(text(args, 'component'), text(args, 'type')) }),
    },
    {
      method: 'POST',
      path: '/v1/migrate',
      rpc: ['carbide.Database', 'Migrate'],
      run: async () => ({ applied: await migrator.migrate() }),
    },
  ];
}

function text(args: Arguments, name: string): string {
  const value = args.get(name);
  if (typeof value === 'string' && value !== '' && value.length <= 200) return value;
  throw new BadRequestError(`"${name}" is missing or not a text of at most 200 characters.`);
}

function oneOf<const T extends string>(args: Arguments, name: string, allowed: readonly T[]): T {
  const value = args.get(name);
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new BadRequestError(`"${name}" must be one of ${allowed.join(', ')}.`);
  return found;
}
