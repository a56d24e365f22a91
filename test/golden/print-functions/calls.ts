import { ok, strictEqual } from 'node:assert';
import instrumented, { api, Made, plan } from './input';

export async function calls() {
  strictEqual(await plan('job'), 'job');
  strictEqual(api.get('id'), 'id');
  strictEqual(api.nested.put(), 1);
  strictEqual(Made.call({}, 1), 1);
  ok(Reflect.construct(Made, [1]) instanceof Made);
  for await (const item of instrumented()()) strictEqual(item, undefined);
}

export const spans = ['planned', 'api.get', 'nested.put', 'Made', 'default', 'inner'];
