// The service. Prints one line of JSON with its address when it is ready; logs on standard error. Ends at SIGTERM or SIGINT, and,
// when it was started with a channel, with its owner: requests under way are finished, open spans are sent.

import { Database } from './api-db/database.js';
import { Inventory } from './api-db/inventory.js';
import { Migrator } from './api-db/migrations.js';
import { BmcClient } from './component-manager/bmc-client.js';
import type { Component } from './component-manager/component.js';
import { ComponentManager } from './component-manager/index.js';
import { SimulatedSite } from './hardware/simulated-site.js';
import { log } from './log.js';
import { MachineController } from './machine-controller/index.js';
import { PowerShelfController } from './power-shelf-controller/index.js';
import { Dispatcher } from './rpc/dispatcher.js';
import { createRoutes } from './rpc/routes.js';
import { ApiServer } from './rpc/server.js';
import { Reactor } from './runtime-internals/reactor.js';
import { readSettings, writeTokenFile } from './settings.js';
import { SiteExplorer } from './site-explorer/index.js';
import { StateController } from './state-controller/index.js';
import { SwitchController } from './switch-controller/index.js';
import { setUpTracing } from './tracing.js';

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const tracing = await setUpTracing(settings);
  const database = await Database.open();
  const migrator = new Migrator(database);
  await migrator.migrate();

  const site = new SimulatedSite();
  const inventory = new Inventory(database);
  const components = settings.hardware === undefined ? await site.start() : await componentsOf(settings.hardware);
  for (const component of components) await inventory.addComponent(component);
  await inventory.addObject('machine', { id: 'machine-1', state: 'discovered', component: 'rack-1' });
  await inventory.addObject('machine', { id: 'machine-2', state: 'ready', component: 'rack-2' });
  await inventory.addObject('switch', { id: 'nvswitch-1', state: 'discovered', component: 'switch-1' });
  await inventory.addObject('power-shelf', { id: 'powershelf-1', state: 'ready', component: 'shelf-1' });

  const manager = new ComponentManager(inventory);
  const states = new StateController(inventory, {
    machine: new MachineController(manager),
    switch: new SwitchController(manager),
    'power-shelf': new PowerShelfController(manager),
  });
  const explorer = new SiteExplorer(inventory, new BmcClient());
  const reactor = new Reactor();
  const dispatcher = new Dispatcher(createRoutes({ inventory, components: manager, states, explorer, migrator }), reactor);
  const server = new ApiServer(dispatcher, tracing.admin, reactor);

  reactor.start();
  if (settings.reconcileIntervalMs > 0) states.start(settings.reconcileIntervalMs);
  if (settings.adminTokenFile) writeTokenFile(settings.adminTokenFile, settings.adminToken);
  const address = await server.listen(settings.port);
  process.stdout.write(`${JSON.stringify({ listening: address, adminTokenFile: settings.adminTokenFile })}\n`);
  log('info', 'serving', { address });

  await stopRequested();
  states.stop();
  reactor.stop();
  await server.close();
  await tracing.shutdown();
  if (settings.hardware === undefined) site.stop();
  await database.close();
  if (process.connected) process.disconnect();
}

async function componentsOf(hardware: string): Promise<Component[]> {
  const response = await fetch(`${hardware}/inventory`);
  if (!response.ok) throw new Error(`the hardware service answered ${response.status}`);
  return ((await response.json()) as { components: Component[] }).components;
}

function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
    if (process.connected) process.once('disconnect', () => resolve());
  });
}

main().catch((error: unknown) => {
  log('error', 'the service could not start', { error: error instanceof Error ? (error.stack ?? error.message) : error });
  process.exit(1); // parts that were started by then would keep the process alive
});
