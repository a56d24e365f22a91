// A change of rules over many sites is quick enough to be made in production.
// alone: measures time

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { instrument } from '../../runtime/index.js';
import { traced } from './tracing.js';

test('changing rules with 10,000 sites takes under 10 ms', () =>
  traced({ enabled: true }, ({ tracing }) => {
    const sites = Array.from({ length: 10_000 }, (_, n) =>
      instrument({ namespace: `many::part${n % 100}::C${n}`, name: `s${n}` }, () => n),
    );
    tracing.setRules('many::part1=off');
    const times = Array.from({ length: 15 }, (_, round) => {
      const began = performance.now();
      const lease = tracing.setRules(`many::part${round}=off, many=0.5, carbide=on`);
      const took = performance.now() - began;
      tracing.endLease(lease.id);
      return took;
    }).sort((a, b) => a - b);
    assert.ok((times[0] as number) < 10, `fastest ${times[0]} ms, median ${times[7]} ms for ${sites.length} sites`);
  }));

test.run();
