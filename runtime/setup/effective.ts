// The gate's settings as the configuration says them, before leases.

import type { Configuration } from '../config/configuration.js';
import type { GateSettings } from '../gate/gate.js';
import { parseDrop, parseRoots, parseRules } from '../gate/rules.js';

export function fromConfiguration(configuration: Configuration): GateSettings {
  return {
    enabled: configuration.enabled && !configuration.disabled,
    roots: parseRoots(configuration.roots),
    rules: parseRules(configuration.rules),
    drop: parseDrop(configuration.drop),
    remoteParent: configuration.remoteParent,
  };
}
