// The answer of the admin hook to a change, and the sentence that says what is in force after it.

import { printable } from '../../runtime/text/printable.js';
import type { Lease, TracingState } from '../../runtime/tracing.js';

export interface ChangeAnswer extends Pick<TracingState, 'enabled' | 'recording' | 'roots' | 'rules' | 'drop' | 'revision'> {
  readonly lease: Lease;
}

/** `Tracing is on.`, with the rules or the drop list after a change of those. */
export function inForce({ lease, enabled, rules, drop }: ChangeAnswer): string {
  const flag = `Tracing is ${enabled ? 'on' : 'off'}.`;
  if (lease.kind === 'enabled') return flag;
  const [name, text] = lease.kind === 'rules' ? ['Rules', rules] : ['Drop list', drop];
  return `${name} in force: ${printable(text, 1000) || 'none'}. ${flag}`;
}
