// Run under Valgrind by instructions.ts: makes the given number of calls of a module's methods, with tracing off.

import { STATES } from './states.js';

async function main(module: string, calls: number): Promise<void> {
  await STATES['spanwright off']();
  const { sites } = require(module) as { sites: { m(a: number, b: number): number | Promise<number> }[] };
  let sum = 0;
  for (let call = 0; call < calls; call++)
    sum = (sum + (await (sites[call % sites.length] as (typeof sites)[0]).m(call, sum))) | 0;
  process.exit(sum === 0 ? 1 : 0);
}

void main(process.argv[2] ?? '', Number(process.argv[3]));
