// Stands in for gateways, central collector and backend where there are none: the receiver that comes with Spanwright, in a process of
// its own. Prints each span that arrives as a line of JSON.

import { startReceiver } from '@spanwright/viewer';
import { announce, run, stopRequested } from '../lifecycle.js';

run(async () => {
  const receiver = await startReceiver({
    onSpans(spans) {
      for (const span of spans) announce({ span });
    },
  });
  announce({ ready: 'receiver', listening: receiver.endpoint });
  await stopRequested();
  await receiver.close();
});
