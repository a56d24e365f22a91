// The latency of a namespace or function: a bar for each factor of four, and the median and the 95th percentile in words.

import type { LatencyHistogram } from '../../site/latency.js';
import { duration } from './format.js';

/** Upper bound of each bar as a power of two, in milliseconds: 16 µs to 16 s; one more bar holds what took longer. */
const EXPONENTS = [-6, -4, -2, 0, 2, 4, 6, 8, 10, 12, 14];
/** First bars of 64 ms and of 4 s. */
const SLOW = 7;
const SLOWEST = 10;

export function LatencyCell({ latency }: { latency: LatencyHistogram }) {
  if (latency.count === 0) return null;
  const upTo = [...EXPONENTS.map((exponent) => latency.countUpTo(exponent)), latency.count];
  const bars = upTo.map((count, at) => count - (upTo[at - 1] ?? 0));
  const most = Math.max(...bars);
  const text = `p50 ${duration(latency.quantile(0.5) ?? 0)}, p95 ${duration(latency.quantile(0.95) ?? 0)}`;
  return (
    <>
      <span class="bars" role="img" aria-label={text}>
        {bars.map((count, at) => (
          <i
            key={at}
            class={count === 0 ? '' : `some${at >= SLOWEST ? ' slowest' : at >= SLOW ? ' slow' : ''}`}
            // the square root lets a few slow calls be seen beside many fast ones
            style={count === 0 ? {} : { height: `${Math.max(12, Math.sqrt(count / most) * 100)}%` }}
            title={`${boundsOf(at)}: ${count}`}
          />
        ))}
      </span>
      <span class="dim small wide-only">{text}</span>
    </>
  );
}

function boundsOf(bar: number): string {
  const bound = EXPONENTS[bar];
  return bound === undefined ? `over ${duration(2 ** (EXPONENTS.at(-1) ?? 0))}` : `up to ${duration(2 ** bound)}`;
}
