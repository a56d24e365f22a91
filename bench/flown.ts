// Run in a process of its own with garbage collection exposed: makes calls under the flight recorder, and prints the bytes that the
// process holds for them, and how many more after as many calls again. Arguments: `plain` or `argument`, and the number of calls. Started by
// flight.ts, compiled to plain JavaScript first.

import { STATES } from './states.js';

async function main(withArgument: boolean, calls: number): Promise<void> {
  const { instrument } = await import('spanwright');
  const options = { name: 'read', namespace: 'bench', ...(withArgument && { args: ['machine'] as const }) };
  const read = instrument(options, (machine: string) => machine.length);
  const before = used();
  await STATES['spanwright flight recorder']();
  const make = (): void => {
    for (let call = 0; call < calls; call++) read(`machine-${call}`);
  };
  make();
  const full = used() - before;
  make();
  console.log(JSON.stringify({ full, later: used() - before - full }));
  process.exit(0);
}

function used(): number {
  for (let turn = 0; turn < 3; turn++) globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

void main(process.argv[2] === 'argument', Number(process.argv[3]));
