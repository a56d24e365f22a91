import { strictEqual } from 'node:assert';
import Outer from './input';

export function calls() {
  strictEqual(new Outer.Inner.PowerService().open(), 'taken');
}

export const spans = ['golden.input.Outer.Inner.PowerService.open', '  golden.input.Outer.Inner.PowerService.#secret'];
