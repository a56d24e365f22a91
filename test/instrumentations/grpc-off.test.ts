// gRPC while nothing can be recorded. In a process of its own: what is loaded under one set of instrumentations is not handed to
// those that a later start adds.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { withRemoteContext } from '../../runtime/index.js';
import { state } from '../../runtime/state.js';
import { traced } from '../gate/tracing.js';

test('client and server calls of gRPC go straight to the library without a context, and are processed with one', async () => {
  let asked = 0;
  const config = {
    ignoreGrpcMethods: [
      () => {
        asked++;
        return false;
      },
    ],
  };
  await traced({ enabled: false, instrumentations: { grpc: config } }, async () => {
    assert.ok(state.gate.idle);
    const grpc = require('@grpc/grpc-js') as typeof import('@grpc/grpc-js');
    const bytes = (value: Buffer): Buffer => value;
    const method = {
      path: '/test.Echo/Send',
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    };
    const server = new grpc.Server();
    server.addService(
      { send: method },
      {
        send: (call: { metadata: { get(name: string): unknown[] } }, done: (error: null, value: Buffer) => void) =>
          done(null, Buffer.from(String(call.metadata.get('traceparent')[0] ?? 'none'))),
      },
    );
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    const Echo = grpc.makeGenericClientConstructor({ send: method }, 'Echo');
    const client = new Echo(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const send = (): Promise<string> =>
      new Promise((resolve, reject) =>
        client.send?.(Buffer.from('x'), (error: Error | null, value: Buffer) => (error ? reject(error) : resolve(String(value)))),
      );
    try {
      asked = 0; // the package checks which calls to ignore when the client is created
      assert.is(await send(), 'none');
      assert.is(asked, 0);
      const upstream = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
      assert.is(await withRemoteContext({ traceparent: upstream }, send), upstream);
      assert.is(asked, 1, 'the server looked at the call; that the client did shows in what arrived');
    } finally {
      client.close();
      server.forceShutdown();
    }
  });
});

test.run();
