// The peer that rewrites compiled JavaScript: orchestrion's code transformer puts a diagnostics channel round each method. Called
// when the benchmark's modules are compiled; with no subscriber this is that peer's state of being off.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create } from '@apm-js-collab/code-transformer';
import type { Shape } from './floors.js';
import { SITES } from './sites.js';

export function rewriteForChannels(folder: string, shape: Shape): void {
  const filePath = `bare-${shape}.js`;
  const matcher = create(
    Array.from({ length: SITES }, (_, site) => ({
      channelName: `site${site}`,
      module: { name: 'bench', versionRange: '*', filePath },
      functionQuery: {
        className: `Site${site}`,
        methodName: 'm',
        kind: shape === 'sync' ? ('Sync' as const) : ('Async' as const),
      },
    })),
  );
  const transformer = matcher.getTransformer('bench', '1.0.0', filePath);
  if (transformer === undefined) throw new Error(`orchestrion has nothing to do for ${filePath}`);
  const { code } = transformer.transform(readFileSync(join(folder, filePath), 'utf8'), 'cjs');
  const channels = code.match(/orchestrion:bench:site\d+/g) ?? [];
  if (new Set(channels).size !== SITES) throw new Error(`orchestrion rewrote ${new Set(channels).size} methods of ${SITES}`);
  writeFileSync(join(folder, `orchestrion-${shape}.js`), code);
}
