// Settings of a process from its environment, besides tracing, which has tracing.toml and OpenTelemetry's own variables. Read at
// start by each main.ts; a missing or invalid one is an error that names the variable.

import { join } from 'node:path';

export const PROJECT = join(__dirname, '..');

type Environment = Readonly<Record<string, string | undefined>>;

export interface ProcessSettings {
  /** `a` or `b`. */
  readonly cluster: string;
  /** Name of the process in logs, queues and traces: `agent-a1`. */
  readonly instance: string;
  readonly amqpUrl: string;
  /** A folder of its own for what it keeps. */
  readonly dataFolder: string;
  readonly tracingFile: string;
}

export function readProcessSettings(env: Environment): ProcessSettings {
  return {
    cluster: required(env, 'CLUSTER'),
    instance: required(env, 'INSTANCE'),
    amqpUrl: required(env, 'AMQP_URL'),
    dataFolder: required(env, 'DATA_FOLDER'),
    tracingFile: tracingFile(env),
  };
}

export const tracingFile = (env: Environment): string => env.TRACING_FILE || join(PROJECT, 'tracing.toml');

export function required(env: Environment, name: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set; this process cannot work without it.`);
  return value;
}

export function wholeNumber(env: Environment, name: string, fallback: number, most: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > most) throw new Error(`${name}="${text}" is not a whole number from 0 to ${most}.`);
  return value;
}
