// The straight line through measured points, by least squares.

export interface Point {
  readonly x: number;
  readonly y: number;
}

export function lineThrough(points: readonly Point[]): { readonly slope: number; readonly offset: number } {
  const mean = (of: (point: Point) => number): number => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const slope = mean((point) => (point.x - x) * (point.y - y)) / mean((point) => (point.x - x) ** 2);
  return { slope, offset: y - slope * x };
}
