/** What a chart says of one step: the value of each of its series there. */
import type { Run } from '../../kernel/runs';
import type { Series } from '../../kernel/series';
import { trans } from '../shared/trans';
import { indexFrom, nearest, type XAxis } from './axes';
import { smooth } from './decimate';
import type { Family } from './families';

export type Reading = {
  label: string;
  line: number;
  kind: 'batch' | 'training' | 'validation';
  value: number;
};

/** In the order in which they are drawn; batches by the nearest that is known, epochs by the one of the step. */
export function readings(family: Family, step: number, smoothing: number): Reading[] {
  return family.lines.flatMap((line, index): Reading[] => {
    const name = family.lines.length > 1 ? `${line.label} ` : '';
    const read = (kind: Reading['kind'], label: string, series: Series, at: number): Reading[] =>
      at >= 0 && at < series.length
        ? [{ label: `${name}${label}`, line: index, kind, value: series.y[at] as number }]
        : [];
    const batch = nearest(line.batches, step);
    const smoothed = smoothing > 0 ? smooth(line.batches, smoothing) : null;
    return [
      ...read('batch', trans.__('batch'), line.batches, batch),
      ...(smoothed ? read('batch', trans.__('smoothed'), smoothed, batch) : []),
      ...read('training', trans.__('training'), line.training, indexFrom(line.training, step)),
      ...read('validation', trans.__('validation'), line.validation, indexFrom(line.validation, step))
    ];
  });
}

/** The step whose place on the axis is nearest to `x`. */
export function stepAt(run: Run, axis: XAxis, x: number): number {
  let [low, high] = [0, run.step];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (axis.at(middle) < x) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low > 0 && x - axis.at(low - 1) < axis.at(low) - x ? low - 1 : low;
}
