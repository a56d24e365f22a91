import { deepStrictEqual, strictEqual } from 'node:assert';
import { PowerService } from './input';

export async function calls() {
  const service = new PowerService();
  deepStrictEqual(await service.powerControl('id', undefined, 'rest'), ['id', 'on', 'rest']);
  deepStrictEqual([...service.each({}, 2)], [2]);
  strictEqual(PowerService.counted(), 0);
  strictEqual(service.status, 'ok');
  service['set-up']();
  for await (const item of service) strictEqual(item, undefined);
  const [, KEY] = Object.getOwnPropertySymbols(PowerService.prototype);
  strictEqual((service as unknown as Record<symbol, (text: string) => string>)[KEY!]!('text'), 'text');
  strictEqual(service.handler('id'), 'id');
}

export const spans = [
  'PowerService.powerControl',
  'PowerService.each | backend="nsm"',
  'PowerService.counted',
  'PowerService.status',
  'PowerService.set-up',
  'PowerService.[Symbol.asyncIterator]',
  'PowerService.[KEY]',
  'PowerService.handler',
];
