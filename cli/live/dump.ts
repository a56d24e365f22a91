// `spanwright dump`: has a running service write its flight recorder into a file.

import { counted } from '../../runtime/text/counted.js';
import { printable } from '../../runtime/text/printable.js';
import type { FlightDump } from '../../runtime/tracing.js';
import { EXIT, type Invocation } from '../command.js';
import { ask } from './ask.js';

export async function runDump(invocation: Invocation): Promise<number> {
  const { options, out } = invocation;
  const reason = options.get('reason');
  const dump = await ask<FlightDump>(invocation, 'POST', 'dump', reason === undefined ? {} : { reason });
  out(
    options.has('json')
      ? JSON.stringify(dump)
      : `${counted(dump.spans, 'call')} in ${printable(dump.file)}; open it with: spanwright view FILE`,
  );
  return EXIT.done;
}
