// Trace back ends: Jaeger or Grafana Tempo, chosen by --jaeger or --tempo. The recipes use only this interface,
// and get spans in the flat form of the receiver, so that one tree printer and one analysis serve every backend.

import { type Invocation, UsageError } from '../../cli/command.js';
import { DEFAULT_JAEGER, JAEGER_VARIABLE, readAddress, TEMPO_EXAMPLE, TEMPO_VARIABLE } from '../../cli/viewer/addresses.js';
import { Jaeger } from './jaeger.js';
import { Tempo } from './tempo.js';
import type { TraceBackend } from './trace-backend.js';

/** @throws UsageError when both are named, or an address is invalid. */
export function backendOf({ options, environment }: Invocation): TraceBackend {
  const [jaeger, tempo] = [options.get('jaeger'), options.get('tempo')] as (string | undefined)[];
  if (jaeger !== undefined && tempo !== undefined) throw new UsageError('--jaeger and --tempo are given; expected one of them.');
  if (tempo !== undefined) return new Tempo(readAddress(tempo, '--tempo', TEMPO_EXAMPLE), environment);
  const fallback = environment[JAEGER_VARIABLE] || undefined;
  if (jaeger === undefined && fallback === undefined && environment[TEMPO_VARIABLE]) {
    return new Tempo(readAddress(environment[TEMPO_VARIABLE], TEMPO_VARIABLE, TEMPO_EXAMPLE), environment);
  }
  const source = jaeger === undefined && fallback !== undefined ? JAEGER_VARIABLE : '--jaeger';
  return new Jaeger(readAddress(jaeger ?? fallback ?? DEFAULT_JAEGER, source, DEFAULT_JAEGER), environment);
}
