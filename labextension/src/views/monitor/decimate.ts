/** Long series made short enough to draw, and noisy ones smooth. */
import type { Series } from '../../kernel/series';

export type Points = { x: number[]; y: number[] };

/**
 * At most about `limit` points of [start, end) that look the same: of each stretch the smallest and the
 * largest value, and the first and last point. A value that is not finite is kept as a gap.
 */
export function decimate(series: Series, limit: number, start = 0, end = series.length): Points {
  const { x, y } = series;
  const length = end - start;
  if (length <= limit) {
    return { x: x.slice(start, end), y: y.slice(start, end) };
  }
  const kept: number[] = [start];
  const buckets = Math.max(1, Math.floor((limit - 2) / 2));
  const inner = length - 2;
  const edge = (bucket: number) => start + 1 + Math.floor((bucket * inner) / buckets);
  for (let bucket = 0; bucket < buckets; bucket++) {
    kept.push(...extremes(y, edge(bucket), edge(bucket + 1)));
  }
  kept.push(end - 1);
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
export function smooth(series: Series, weight: number): Series {
  if (weight <= 0) {
    return series;
  }
  const y = new Array<number>(series.length);
  let average = 0;
  let total = 0;
  for (let i = 0; i < series.length; i++) {
    const value = series.y[i] as number;
    if (Number.isFinite(value)) {
      average = weight * average + (1 - weight) * value;
      total = weight * total + (1 - weight);
      y[i] = average / total;
    } else {
      y[i] = value;
    }
  }
  return { x: series.x, y, length: series.length };
}
