// `npm run serve`: the system, until it is told to end. One line of JSON says where it is reached, with a token for this run; what the
// processes log goes to standard error. Without gateways each trace is printed as it comes in.

import { startReceiver } from '@spanwright/stage';
import { TracePrinter } from '@spanwright/viewer';
import { issueToken } from '../compute-api/keystone-token.js';
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
    const token = issueToken('operator', system.secrets.TOKEN_KEY);
    announce({ ready: 'control-plane', apis: Object.fromEntries(system.apis), amqpUrl: system.amqpUrl, token });
    await stop;
    await system.stop();
  } finally {
    await receiver?.stop();
  }
  printer.flush();
});
