// The latency of a namespace or function: a bar for each bucket, and the buckets of the median and the 95th percentile in words.

const SLOW = 5;
const SLOWEST = 7;

export function Latency({ latency, bounds }: { latency: readonly number[]; bounds: readonly number[] }) {
  const total = latency.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const most = Math.max(...latency);
  const text = `p50 ${bucketWords(quantile(latency, total, 0.5), bounds)}, p95 ${bucketWords(quantile(latency, total, 0.95), bounds)}`;
  return (
    <>
      <span class="bars" role="img" aria-label={text}>
        {latency.map((count, at) => (
          <i
            key={at}
            class={count === 0 ? '' : `some${at >= SLOWEST ? ' slowest' : at >= SLOW ? ' slow' : ''}`}
            // the square root lets a few slow calls be seen beside many fast ones
            style={count === 0 ? {} : { height: `${Math.max(12, Math.sqrt(count / most) * 100)}%` }}
            title={`${bucketWords(at, bounds)}: ${count}`}
          />
        ))}
      </span>
      <span class="dim small wide-only">{text}</span>
    </>
  );
}

const boundWords = (ms: number): string => (ms < 1 ? `${ms * 1000} µs` : ms < 1000 ? `${ms} ms` : `${ms / 1000} s`);

function bucketWords(at: number, bounds: readonly number[]): string {
  const bound = bounds[at];
  return bound === undefined ? `over ${boundWords(bounds.at(-1) ?? 0)}` : `under ${boundWords(bound)}`;
}

/** Index of the bucket that holds the call at this share. */
function quantile(latency: readonly number[], total: number, share: number): number {
  let seen = 0;
  const at = latency.findIndex((count) => {
    seen += count;
    return seen >= share * total;
  });
  return at < 0 ? latency.length - 1 : at;
}
