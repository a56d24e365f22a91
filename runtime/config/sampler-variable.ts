// OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG as roots, remote parents and a ratio. The gate decides first: while tracing is off,
// no sampler records. Read by reconcile.ts; what code and Spanwright's own variables set has precedence.

import { variableText } from './env.js';

export const SAMPLER = 'OTEL_TRACES_SAMPLER';
const ARGUMENT = 'OTEL_TRACES_SAMPLER_ARG';

/** Settings that are equivalent to a sampler. */
interface SamplerSettings {
  readonly roots?: 'none';
  readonly remoteParent?: 'ignore';
  /** Share of the traces that start here. */
  readonly ratio: number;
}

const SAMPLERS: Readonly<Record<string, Omit<SamplerSettings, 'ratio'> & { readonly takesRatio?: true }>> = {
  parentbased_always_on: {},
  parentbased_always_off: { roots: 'none' },
  parentbased_traceidratio: { takesRatio: true },
  always_on: { remoteParent: 'ignore' },
  always_off: { roots: 'none', remoteParent: 'ignore' },
  traceidratio: { takesRatio: true, remoteParent: 'ignore' },
};

/** Undefined where the variable is not set or not valid. `warn` gets the reason. */
export function readSampler(env: NodeJS.ProcessEnv, warn: (message: string) => void): SamplerSettings | undefined {
  const name = variableText(env, SAMPLER)?.toLowerCase();
  if (name === undefined) return undefined;
  if (!Object.hasOwn(SAMPLERS, name)) {
    warn(`${SAMPLER}: must be one of ${Object.keys(SAMPLERS).join(', ')}; found ${JSON.stringify(name)}.`);
    return undefined;
  }
  const { takesRatio, ...settings } = SAMPLERS[name] as (typeof SAMPLERS)[string];
  return { ...settings, ratio: takesRatio === true ? readRatio(env, warn) : 1 };
}

function readRatio(env: NodeJS.ProcessEnv, warn: (message: string) => void): number {
  const text = variableText(env, ARGUMENT);
  if (text === undefined) return 1;
  const ratio = Number(text);
  if (ratio >= 0 && ratio <= 1) return ratio;
  warn(`${ARGUMENT}: must be a number from 0 to 1; found ${JSON.stringify(text)}.`);
  return 1;
}
