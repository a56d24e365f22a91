// The gate's settings: as configured, with the leases in force, and their changes.

import type { Configuration } from '../config/configuration.js';
import { admissionOf } from '../gate/admission.js';
import type { LeaseBook } from '../gate/lease.js';
import { parseDrop, parseRoots, parseRules, printPatterns, printRules, withoutOverruled } from '../gate/rules.js';
import type { GateSettings } from '../gate/verdicts.js';
import { parseWhen } from '../gate/when.js';

export function fromConfiguration(configuration: Configuration): GateSettings {
  const roots = parseRoots(configuration.roots);
  const { when } = configuration;
  const marks = roots.length > 0;
  return {
    enabled: configuration.enabled && !configuration.disabled,
    ...(when === null
      ? { roots, marks, conditional: [] }
      : { roots: [], marks: false, conditional: [{ roots, marks, when: parseWhen(when) }] }),
    capturable: parseRoots(configuration.allowCapture),
    captures: [],
    rules: parseRules(configuration.rules),
    drop: parseDrop(configuration.drop),
    remoteParent: configuration.remoteParent,
  };
}

export function withLeases(configured: GateSettings, leases: LeaseBook): GateSettings {
  const flags = leases.values('enabled');
  const leased = leases.values('rules').flatMap((text) => parseRules(String(text)));
  return {
    ...configured,
    ...admissionOf(configured, leases.admitting()),
    captures: [...configured.captures, ...leases.capturing()],
    enabled: flags.length === 0 ? configured.enabled : flags[flags.length - 1] === true,
    rules: withoutOverruled([...configured.rules, ...leased]),
    drop: [...configured.drop, ...leases.values('drop').flatMap((text) => parseDrop(String(text)))],
  };
}

/** Sites are judged again only when a setting that they depend on has changed. */
export function changeOf(
  settings: GateSettings,
  { enabled, roots, marks, conditional, captures, rules, drop }: GateSettings,
): Partial<GateSettings> {
  return {
    enabled,
    ...(printPatterns(roots, 'none') === printPatterns(settings.roots, 'none') && marks === settings.marks
      ? undefined
      : { roots, marks }),
    ...(JSON.stringify(conditional) === JSON.stringify(settings.conditional) ? undefined : { conditional }),
    ...(JSON.stringify(captures) === JSON.stringify(settings.captures) ? undefined : { captures }),
    ...(printRules(rules) === printRules(settings.rules) ? undefined : { rules }),
    ...(printPatterns(drop, '') === printPatterns(settings.drop, '') ? undefined : { drop }),
  };
}
