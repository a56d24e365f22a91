// Variants that are compared: the measured modules, compiled once for a run, and a short way to write "this flavour, built so, in
// this state". Called by the sections and by the budget test.

import { join } from 'node:path';
import type { Shape } from './floors.js';
import { rewriteForChannels } from './orchestrion.js';
import type { Variant } from './pairs.js';
import { type Flavour, SITES, sitesSource } from './sites.js';
import type { ParentName, StateName } from './states.js';
import { type Build, hasPeer, type Workspace } from './workspace.js';

export interface Choice {
  readonly label: string;
  readonly flavour: Flavour | 'orchestrion';
  readonly build?: Build;
  readonly state?: StateName;
  readonly parent?: ParentName;
  readonly calls?: number;
  readonly spans?: 0 | 1;
  readonly callSites?: 'shared' | 'own';
  /** The instrumented method throws. */
  readonly fails?: boolean;
}

/** Calls of a round: some milliseconds. */
export const MANY = 160_000;
export const FEW = 51_200;

const PLAIN: readonly Flavour[] = [
  'bare',
  'least prologue',
  'context read',
  'clock reads',
  'floor',
  'recorder',
  'handwritten',
  'instrument',
  'nestjs-otel',
  'fullstackhouse',
  'datadog wrap',
  'datadog trace',
  'sentry',
];

/** Package of a flavour, where it has a folder of its own. */
const PACKAGES: Partial<Record<Choice['flavour'], Parameters<typeof hasPeer>[0]>> = {
  autotel: 'autotel',
  'datadog wrap': 'dd-trace',
  'datadog trace': 'dd-trace',
  sentry: '@sentry/node',
};

function isInstalled(flavour: Choice['flavour']): boolean {
  const peer = PACKAGES[flavour];
  return peer === undefined || hasPeer(peer);
}

export class Modules {
  readonly #folders = new Map<Build, Promise<string>>();

  constructor(readonly workspace: Workspace) {}

  /** A variant for the coordinator; compiles its build when it is the first of that build. */
  async variant(choice: Choice, shape: Shape, bursts = false): Promise<Variant> {
    const {
      label,
      flavour,
      build = 'plain',
      state = 'nothing',
      parent = 'none',
      calls = FEW,
      spans = 0,
      callSites = 'shared',
      fails = false,
    } = choice;
    const module = join(await this.#compiled(build), `${flavour}-${shape}${fails ? '-failing' : ''}.js`);
    return { label, module, state, parent, shape, calls, spans, bursts, callSites };
  }

  /** The available peers: one is for async methods only, and not all are always installed. */
  all(choices: readonly Choice[], shape: Shape, bursts = false): Promise<Variant[]> {
    const present = choices.filter(({ flavour }) => isInstalled(flavour) && (flavour !== 'autotel' || shape === 'async'));
    return Promise.all(present.map((choice) => this.variant(choice, shape, bursts)));
  }

  #compiled(build: Build): Promise<string> {
    let folder = this.#folders.get(build);
    if (folder === undefined) {
      folder = this.#compile(build);
      this.#folders.set(build, folder);
    }
    return folder;
  }

  async #compile(build: Build): Promise<string> {
    // The peers' decorators exist in the legacy form only, and only Spanwright has a transformer.
    const flavours =
      build === 'plain' ? PLAIN.filter(isInstalled) : (['instrument', 'instrument args', 'instrument five'] as const);
    const sources = flavours.flatMap((flavour) =>
      (['sync', 'async'] as const).map((shape): [string, string] => [`${flavour}-${shape}.ts`, sitesSource(flavour, shape)]),
    );
    for (const flavour of ['floor', 'recorder', 'handwritten', 'instrument'] as const)
      if ((flavours as readonly Flavour[]).includes(flavour))
        sources.push([`${flavour}-sync-failing.ts`, sitesSource(flavour, 'sync', SITES, true)]);
    if (build === 'plain standard' && hasPeer('autotel')) sources.push(['autotel-async.ts', sitesSource('autotel', 'async')]);
    const output = await this.workspace.compile(build.replace(' ', '-'), build, Object.fromEntries(sources));
    if (build === 'plain') for (const shape of ['sync', 'async'] as const) rewriteForChannels(output, shape);
    return output;
  }
}
