// The two gRPC services as they are in proto/, and a client's call as a promise. Trace context goes with each call by OpenTelemetry's
// `grpc` instrumentation.

import { join } from 'node:path';
import {
  type Client,
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  type Server,
  ServerCredentials,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export interface HealthEventMessage {
  agent: string;
  checkName: string;
  nodeName: string;
  isFatal: boolean;
  isHealthy: boolean;
  message: string;
  errorCode: string[];
  entitiesImpacted: { entityType: string; entityValue: string }[];
  recommendedAction: string;
}

function service(file: string, name: string): ServiceClientConstructor {
  const definition = loadSync(join(__dirname, '..', '..', 'proto', file), { defaults: true });
  const { v1 } = loadPackageDefinition(definition).nvsentinel as GrpcObject;
  return (v1 as GrpcObject)[name] as ServiceClientConstructor;
}

export const PlatformConnectorService = service('platform_connector.proto', 'PlatformConnector');
export const JanitorProviderService = service('janitor_provider.proto', 'JanitorProvider');

export function connect(service: ServiceClientConstructor, address: string): Client {
  return new service(address, credentials.createInsecure());
}

type Unary = (request: unknown, options: { deadline: number }, done: (error: Error | null, answer: unknown) => void) => void;

/** Calls with a limit of half a minute. @throws the gRPC error, with the method in its message */
export function call<Answer>(client: Client, method: string, request: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const unary = (client as unknown as Record<string, Unary>)[method] as Unary;
    unary.call(client, request, { deadline: Date.now() + 30_000 }, (error, answer) => {
      if (error) reject(new Error(`${method}: ${error.message}`, { cause: error }));
      else resolve(answer as Answer);
    });
  });
}

/** Serves on a free port of the loopback interface. */
export function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(`127.0.0.1:${port}`);
    });
  });
}
