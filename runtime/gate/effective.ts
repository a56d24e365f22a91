// The gate's settings as the configuration says them, before leases.

import type { Configuration } from '../config/load.js';
import type { GateSettings } from './gate.js';
import { parseDrop, parseRoots, parseRules } from './rules.js';

export function fromConfiguration(configuration: Configuration): GateSettings {
  return {
    enabled: configuration.enabled && !configuration.disabled,
    roots: parseRoots(configuration.roots),
    rules: parseRules(configuration.rules),
    drop: parseDrop(configuration.drop),
    remoteParent: configuration.remoteParent,
  };
}
