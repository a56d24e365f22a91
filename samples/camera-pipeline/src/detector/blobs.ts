// Finds what stands out: pixels that differ from the background, joined with adjacent ones; each large enough group is an object, with
// its box and a crop of the difference in the size that the model takes.

export interface Blob {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** CROP by CROP values, stretched so that the strongest is 255. */
  readonly crop: Uint8Array;
}

export const CROP = 16;
/** Above the noise of the cameras, below what an object makes. */
const THRESHOLD = 30;
/** Groups of fewer pixels are leaves and insects. */
const LEAST_PIXELS = 150;

export function findBlobs(difference: Uint8Array, width: number): Blob[] {
  const height = difference.length / width;
  const seen = new Uint8Array(difference.length);
  const blobs: Blob[] = [];
  for (let start = 0; start < difference.length; start++) {
    if (seen[start] === 1 || (difference[start] as number) < THRESHOLD) continue;
    const group = fill(start);
    if (group.count >= LEAST_PIXELS) blobs.push(withCrop(difference, width, group));
  }
  return blobs;

  /** Everything connected with `start`, also over corners. A stack of its own: a group may be larger than the call stack is deep. */
  function fill(start: number) {
    const pending = [start];
    seen[start] = 1;
    let [count, left, right, top, bottom] = [0, width, 0, height, 0];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      const [x, y] = [at % width, Math.floor(at / width)];
      count++;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
        for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
          const next = row * width + column;
          if (seen[next] === 1 || (difference[next] as number) < THRESHOLD) continue;
          seen[next] = 1;
          pending.push(next);
        }
      }
    }
    return { count, x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
  }
}

/** Each cell of the crop is the mean of the pixels that fall into it. */
function withCrop(difference: Uint8Array, stride: number, box: Omit<Blob, 'crop'>): Blob {
  const [sums, counts] = [new Float32Array(CROP * CROP), new Float32Array(CROP * CROP)];
  const [columns, rows] = [Math.max(box.width, CROP), Math.max(box.height, CROP)];
  for (let row = 0; row < rows; row++) {
    const y = box.y + Math.floor((row * box.height) / rows);
    for (let column = 0; column < columns; column++) {
      const x = box.x + Math.floor((column * box.width) / columns);
      const cell = Math.floor((row * CROP) / rows) * CROP + Math.floor((column * CROP) / columns);
      sums[cell] = (sums[cell] as number) + (difference[y * stride + x] as number);
      counts[cell] = (counts[cell] as number) + 1;
    }
  }
  const means = sums.map((sum, cell) => sum / (counts[cell] as number));
  const strongest = means.reduce((most, value) => Math.max(most, value), 1);
  const { x, y, width, height } = box;
  return { x, y, width, height, crop: Uint8Array.from(means, (value) => Math.round((value / strongest) * 255)) };
}
