import { strictEqual } from 'node:assert';
import main, { arrow, Billing, Job, Left, marked, renamed, service, skipped, Whole } from './input';

export async function calls() {
  const billing = Billing.create();
  strictEqual(billing.charge('id', 5), 5);
  billing.marked();
  billing.hot();
  strictEqual(billing.total, 5);
  new Whole().once();
  new Left().out();
  strictEqual(await main(), 'x1'.length);
  strictEqual(arrow(2), 4);
  strictEqual(marked(), 1);
  renamed();
  skipped();
  strictEqual(new Job('j').step, 2);
  strictEqual(await service.run('x'), 'x');
  strictEqual(await service.later(), 'y');
  strictEqual([...service.all()][0], 'z');
}

export const spans = [
  'Billing.create',
  '  new Billing',
  'Billing.charge',
  '  Billing.#add',
  'mine',
  'Billing.total',
  'Whole.once',
  'main',
  '  plan',
  '    helper',
  '      Local.method',
  'arrow',
  'marked',
  'listed',
  'new Job',
  'service.run',
  'service.later',
  'service.all',
];
