/**
 * A growing list of points. Appending gives a new Series and copies nothing: versions share their
 * storage, and each knows how much of it is its own. So the reducer stays pure at 100,000 points.
 */
export type Series = {
  /** Longer than `length` once a newer version exists: never read past it. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly length: number;
};

/** No points. A function, because two series must not share storage from the start. */
export function emptySeries(): Series {
  return { x: [], y: [], length: 0 };
}

/** `series` with the points added; the lists must be of equal length. */
export function append(series: Series, x: readonly number[], y: readonly number[]): Series {
  const count = Math.min(x.length, y.length);
  // Whoever appends to an old version works on a copy: the storage belongs to the newest.
  const isNewest = series.x.length === series.length;
  const xs = (isNewest ? series.x : series.x.slice(0, series.length)) as number[];
  const ys = (isNewest ? series.y : series.y.slice(0, series.length)) as number[];
  for (let i = 0; i < count; i++) {
    xs.push(x[i] as number);
    ys.push(y[i] as number);
  }
  return { x: xs, y: ys, length: series.length + count };
}

/** The last value, or undefined. */
export function last(series: Series): number | undefined {
  return series.length === 0 ? undefined : series.y[series.length - 1];
}

/** The last step, or undefined. */
export function lastX(series: Series): number | undefined {
  return series.length === 0 ? undefined : series.x[series.length - 1];
}

/** The index of the best finite value, or -1. */
export function bestIndex(series: Series, goal: 'min' | 'max'): number {
  let best = -1;
  for (let i = 0; i < series.length; i++) {
    const value = series.y[i] as number;
    const reference = best < 0 ? undefined : (series.y[best] as number);
    const better = reference === undefined || (goal === 'min' ? value < reference : value > reference);
    if (Number.isFinite(value) && better) {
      best = i;
    }
  }
  return best;
}
