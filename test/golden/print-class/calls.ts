import { strictEqual } from 'node:assert';
import { Reconciler } from './input';

export function calls() {
  const reconciler = new Reconciler();
  strictEqual(reconciler.one('1'), '1');
  Reconciler.two();
  reconciler.three();
  reconciler.four();
  strictEqual(reconciler.five('5'), '5');
  reconciler[Symbol.iterator]();
  strictEqual(reconciler.six, 6);
}

export const spans = [
  'Reconciler.one | server',
  'Reconciler.two | server',
  'mine',
  'Reconciler.five | server',
  'Reconciler.[Symbol.iterator] | server',
];
