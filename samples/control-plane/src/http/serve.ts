// The process of an API, one for each service and cluster. Tracing starts before anything loads node:http, so that its instrumentation can
// patch it: hence the server, and the module that makes the routes, are imported afterwards.

import { startTracing } from 'spanwright';
import { announce, endTracing, run, stopRequested } from '../lifecycle.js';
import { type ProcessSettings, readProcessSettings, required, wholeNumber } from '../settings.js';
import type { Route } from './http-server.js';
import type { ServiceClient } from './service-client.js';

export interface Api {
  readonly routes: readonly Route[];
  /** Called with the address of the API once it listens. */
  listening?(address: string): void;
  close?(): Promise<void>;
}

export function serveApi(
  serviceName: string,
  makeApi: (services: ServiceClient, settings: ProcessSettings) => Promise<Api>,
): void {
  run(async () => {
    const settings = readProcessSettings(process.env);
    const { cluster, instance, tracingFile } = settings;
    const tracing = await startTracing({ configFile: tracingFile, serviceName, resource: { 'service.instance.id': instance } });

    const { HttpServer } = await import('./http-server.js');
    const { ServiceClient } = await import('./service-client.js');
    const services = new ServiceClient(cluster, required(process.env, 'CATALOG'));
    const api = await makeApi(services, settings);
    const server = new HttpServer(api.routes, services.identify);
    const address = await server.listen(wholeNumber(process.env, 'PORT', 0, 65_535));
    api.listening?.(address);
    announce({ ready: instance, listening: address });

    await stopRequested();
    await server.close();
    await api.close?.();
    await endTracing(tracing);
  });
}
