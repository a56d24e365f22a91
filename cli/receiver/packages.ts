// The two packages that only the receiver needs. They are optional peers: both come with the OTLP/gRPC exporter, so a project
// that sends traces has them; one that does not is told what to install instead of meeting a module-resolution stack.

import { SpanwrightError } from '../../runtime/errors.js';

const LOADERS = {
  '@grpc/grpc-js': (): unknown => require('@grpc/grpc-js'),
  protobufjs: (): unknown => require('protobufjs'),
} as const;

/** @throws SpanwrightError `MISSING_PACKAGE` when the package cannot be found. Any other failure of it is passed on. */
export function loadPackage(name: keyof typeof LOADERS): unknown {
  try {
    return LOADERS[name]();
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== 'MODULE_NOT_FOUND') throw error;
    throw new SpanwrightError(
      'MISSING_PACKAGE',
      `The OTLP receiver needs the package ${name}, which is not installed. Install it with: npm install -D ${Object.keys(LOADERS).join(' ')}`,
      { cause: error },
    );
  }
}
