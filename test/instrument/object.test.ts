// instrument.object(): the methods of an object that is not of the user's making, such as a client of a database.

import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument, startTracing } from '../../runtime/index.js';

console.warn = () => {};
const exporter = new InMemorySpanExporter();
const started = startTracing({ exporter: exporter as never, enabled: true });

class Client {
  #calls = 0;
  readonly settings = { host: 'localhost' };
  static kind = 'client';
  get calls(): number {
    return this.#calls;
  }
  find(id: string): string {
    this.#calls++;
    return `found ${id}`;
  }
  async both(a: string, b: string): Promise<string[]> {
    return [this.find(a), this.find(b)];
  }
  self(): this {
    return this;
  }
}

async function names(): Promise<string[]> {
  await (await started).forceFlush();
  const spans = exporter.getFinishedSpans();
  exporter.reset();
  return spans.map(({ name, attributes }) => `${attributes['code.namespace']} ${name}`);
}

test('methods record under the given namespace and name; the object itself stays as it is', async () => {
  await started;
  const client = new Client();
  const { find } = Client.prototype;
  const store = instrument.object(client, { namespace: 'carbide::db', name: (method) => `Machines.${method}` });
  assert.is(store.find('a'), 'found a');
  assert.equal(await names(), ['carbide::db Machines.find']);
  client.find('b');
  assert.equal(await names(), []);
  assert.is(Client.prototype.find, find);
  assert.equal(Object.keys(client), ['settings']);
});

test('private members, accessors and other values are those of the object', async () => {
  const client = new Client();
  const store = instrument.object(client, { namespace: 'db' });
  assert.equal(await store.both('a', 'b'), ['found a', 'found b']);
  assert.is(store.calls, 2);
  assert.is(store.settings, client.settings);
  assert.instance(store, Client);
  assert.is(store.constructor, Client);
  assert.is(store.self(), client);
  assert.equal(await names(), ['db both', 'db self']);
});

test('a method is the same each time that it is asked for, with its name and length', async () => {
  const store = instrument.object(new Client(), { namespace: 'db' });
  assert.is(store.find, store.find);
  assert.is(store.find.name, 'find');
  assert.is(store.find.length, 1);
  assert.is(store.both.length, 2);
  await names();
});

test('constant methods, and frozen objects, are returned unchanged', async () => {
  const frozen = Object.freeze({ method: () => 'frozen' });
  const store = instrument.object(frozen, { namespace: 'db' });
  assert.is(store.method, frozen.method);
  assert.is(store.method(), 'frozen');
  assert.equal(await names(), []);
});

test('a method that is replaced later is recorded too', async () => {
  const target = { method: () => 'first' };
  const store = instrument.object(target, { namespace: 'db' });
  assert.is(store.method(), 'first');
  target.method = () => 'second';
  assert.is(store.method(), 'second');
  assert.equal(await names(), ['db method', 'db method']);
});

test('the end', async () => {
  await (await started).shutdown();
});

test.run();
