/** Long series made short enough to draw, and noisy ones smooth. */
import type { Series } from '../../kernel/series';

export type Points = { x: number[]; y: number[] };

/**
 * At most about `limit` points that look the same: of each stretch the smallest and the largest value,
 * and the first and last point. A value that is not finite is kept as a gap.
 */
export function decimate(series: Series, limit: number): Points {
  const { x, y, length } = series;
  if (length <= limit) {
    return { x: x.slice(0, length), y: y.slice(0, length) };
  }
  const kept: number[] = [0];
  const buckets = Math.max(1, Math.floor((limit - 2) / 2));
  const inner = length - 2;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const start = 1 + Math.floor((bucket * inner) / buckets);
    const end = 1 + Math.floor(((bucket + 1) * inner) / buckets);
    kept.push(...extremes(y, start, end));
  }
  kept.push(length - 1);
  return { x: kept.map(i => x[i] as number), y: kept.map(i => y[i] as number) };
}

/** Indices of the smallest and the largest value in [start, end), in order; a non-finite one if there is any. */
function extremes(y: readonly number[], start: number, end: number): number[] {
  let low = start;
  let high = start;
  for (let i = start; i < end; i++) {
    const value = y[i] as number;
    if (!Number.isFinite(value)) {
      return [i];
    }
    if (value < (y[low] as number)) {
      low = i;
    }
    if (value > (y[high] as number)) {
      high = i;
    }
  }
  return low === high ? [low] : [Math.min(low, high), Math.max(low, high)];
}

/**
 * An exponential moving average with bias correction, as TensorBoard smooths: `weight` 0 changes nothing,
 * 0.99 is very smooth. Values that are not finite stay, and do not spoil what follows.
 */
export function smooth(points: Points, weight: number): Points {
  if (weight <= 0) {
    return points;
  }
  let average = 0;
  let total = 0;
  const y = points.y.map(value => {
    if (!Number.isFinite(value)) {
      return value;
    }
    average = weight * average + (1 - weight) * value;
    total = weight * total + (1 - weight);
    return average / total;
  });
  return { x: points.x, y };
}
