// Settings of the service from its environment, besides tracing, which has a file of its own (tracing.toml).

import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Settings {
  /** Port of the service; 0 takes a free one. */
  port: number;
  /** The file whose [tracing] section configures tracing. */
  tracingFile: string;
  /** Token for changes through the admin hook. */
  adminToken: string;
  /** Path of the generated token, readable by the same user; undefined when the environment has one. */
  adminTokenFile: string | undefined;
  /** Address of the hardware service (hardware/main.ts); undefined: the hardware is simulated in this process. */
  hardware: string | undefined;
  /** A Redis whose commands switch the tracing of all replicas. */
  controlRedis: string | undefined;
  /** Pause between passes of the reconcile loops; 0 leaves reconciling to requests. */
  reconcileIntervalMs: number;
}

const PROJECT = join(__dirname, '..');

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const given = env.SPANWRIGHT_ADMIN_TOKEN;
  return {
    port: wholeNumber('PORT', env.PORT, 0, 65_535),
    tracingFile: env.TRACING_FILE ?? join(PROJECT, 'tracing.toml'),
    adminToken: given || randomBytes(24).toString('base64url'),
    adminTokenFile: given ? undefined : (env.ADMIN_TOKEN_FILE ?? join(PROJECT, 'build', 'admin-token')),
    hardware: env.HARDWARE_URL || undefined,
    controlRedis: env.CONTROL_REDIS || undefined,
    reconcileIntervalMs: wholeNumber('RECONCILE_INTERVAL_MS', env.RECONCILE_INTERVAL_MS, 0, 3_600_000),
  };
}

/** Readable by this user alone. Removed first, because the mode counts only for a file that is new. */
export function writeTokenFile(path: string, token: string): void {
  rmSync(path, { force: true });
  writeFileSync(path, `${token}\n`, { mode: 0o600, flag: 'wx' });
}

function wholeNumber(name: string, text: string | undefined, fallback: number, most: number): number {
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > most) throw new Error(`${name}="${text}" is not a whole number from 0 to ${most}.`);
  return value;
}
