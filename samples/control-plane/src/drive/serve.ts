// `npm run serve`: the system, until a signal ends it. One line of JSON holds its addresses and a token for this run; the logs of the
// processes go to standard error. Without gateways each trace is printed as it comes in.

import { startReceiver } from '@spanwright/stage';
import { TracePrinter } from '@spanwright/viewer';
import { announce, run, stopRequested } from '../lifecycle.js';
import { configuredDestinations, System } from './system.js';
import { labelled, SHOWN } from './trees.js';

const onLog = (line: string): void => void process.stderr.write(`${line}\n`);

run(async () => {
  const stop = stopRequested();
  const printer = new TracePrinter((line) => process.stdout.write(`${line}\n`), { attributes: SHOWN });
  const configured = configuredDestinations(process.env);
  const receiver = configured ? undefined : await startReceiver((span) => printer.add([labelled(span)]), onLog);
  const here = receiver?.address ?? '';
  try {
    const system = await System.start(configured ?? { a: here, b: here, management: here }, onLog);
    const token = await system.logIn('operator');
    announce({ ready: 'control-plane', catalog: system.catalog, amqpUrl: system.amqpUrl, token });
    await stop;
    await system.stop();
  } finally {
    await receiver?.stop();
  }
  printer.flush();
});
