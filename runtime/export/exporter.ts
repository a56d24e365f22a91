// Builds the OTLP exporter from the configuration. Called by pipeline.ts, once.

import type { Configuration } from '../config/configuration.js';
import { loadGrpc, loadHttp, loadTransformer } from '../sdk/packages.js';
import { VERSION } from '../version.js';
import type { Certificates } from './certificates.js';
import type { Endpoint } from './endpoint.js';
import type { GrpcPackages } from './grpc-carrier.js';
import type { HttpPackages } from './http-carrier.js';
import { type Carrier, OtlpExporter, type Serializer } from './otlp.js';

const grpcCarrier = (): typeof import('./grpc-carrier.js') => require('./grpc-carrier.js');
const httpCarrier = (): typeof import('./http-carrier.js') => require('./http-carrier.js');

/** The OTLP exporter of the endpoint's protocol. Loads no package before it is needed. */
export function createExporter(endpoint: Endpoint, certificates: Certificates, configuration: Configuration): OtlpExporter {
  const timeout = Math.min(configuration.otlpTimeout, configuration.exportTimeout);
  const common = {
    headers: configuration.otlpHeaders,
    gzip: configuration.otlpCompression === 'gzip',
    userAgent: `spanwright/${VERSION}`,
    tls: endpoint.tls ? certificates : undefined,
    timeout,
  };
  const carry = (serializer: Serializer): Carrier =>
    endpoint.protocol === 'grpc'
      ? new (grpcCarrier().GrpcCarrier)(
          { ...common, target: endpoint.target },
          serializer,
          loadGrpc as () => Promise<GrpcPackages>,
        )
      : new (httpCarrier().HttpCarrier)({ ...common, url: endpoint.url }, serializer, loadHttp as () => Promise<HttpPackages>);
  return new OtlpExporter(carry, (answer) => loadTransformer().ProtobufTraceSerializer.deserializeResponse(answer), timeout);
}
