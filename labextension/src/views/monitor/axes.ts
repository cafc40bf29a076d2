/** Where a step lies on the x axis that was chosen: by number, in epochs, or in time. */
import type { Run } from '../../kernel/runs';
import { last, lastX, type Series } from '../../kernel/series';
import { trans } from '../shared/translation';
import type { DrawOptions } from './chart-options';

export type XAxis = {
  title: string;
  /** The place of a step (which may lie between two recorded ones). Never falls as steps grow. */
  at(step: number): number;
};

/** The x axis of a run. */
export function xAxis(run: Run, kind: DrawOptions['x_axis']): XAxis {
  switch (kind) {
    case 'step':
      return { title: trans.__('step'), at: step => step };
    case 'epoch':
      return { title: trans.__('epoch'), at: step => epochAt(run, step) };
    case 'time': {
      const [unit, seconds] = timeUnit(last(run.clock) ?? 0);
      return { title: unit, at: step => secondsAt(run, step) / seconds };
    }
  }
}

/** Seconds from the start of the run to the end of a step. */
export function secondsAt(run: Run, step: number): number {
  return interpolate(run.clock, step);
}

/** Epochs finished at the end of a step, with the part of the one that it is in. */
export function epochAt(run: Run, step: number): number {
  const starts = run.epochStarts;
  const begin = lastX(starts);
  if (begin === undefined || step <= begin) {
    return interpolate(starts, step);
  }
  // The epoch that runs: of one whose length nobody knows, what is done is taken for the whole.
  const length = run.stepsPerEpoch ?? Math.max(1, run.step - begin);
  return (last(starts) as number) + Math.min(1, (step - begin) / length);
}

/** The first index of `series` whose x is at least `x`. */
export function indexFrom(series: Series, x: number, at: (step: number) => number = step => step): number {
  let [low, high] = [0, series.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(series.x[middle] as number) < x) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** The index of the point nearest to `x`, or -1. */
export function nearest(series: Series, x: number): number {
  const next = indexFrom(series, x);
  if (next === 0 || series.length === 0) {
    return series.length === 0 ? -1 : 0;
  }
  if (next === series.length) {
    return next - 1;
  }
  return x - (series.x[next - 1] as number) <= (series.x[next] as number) - x ? next - 1 : next;
}

function interpolate(points: Series, x: number): number {
  if (points.length === 0) {
    return 0;
  }
  const next = Math.min(indexFrom(points, x), points.length - 1);
  const before = Math.max(0, next - 1);
  const [x0, x1] = [points.x[before] as number, points.x[next] as number];
  const [y0, y1] = [points.y[before] as number, points.y[next] as number];
  const part = x1 > x0 ? Math.min(1, Math.max(0, (x - x0) / (x1 - x0))) : 1;
  return y0 + part * (y1 - y0);
}

function timeUnit(seconds: number): [string, number] {
  if (seconds < 180) {
    return [trans.__('seconds'), 1];
  }
  return seconds < 3 * 3600 ? [trans.__('minutes'), 60] : [trans.__('hours'), 3600];
}
