/** What a chart says: the value of each of its series, at one step or at the moment. */
import type { Run } from '../../kernel/runs';
import { last, type Series } from '../../kernel/series';
import { rate, value } from '../shared/text';
import { trans } from '../shared/translation';
import { indexFrom, nearest, type XAxis } from './axes';
import { smooth } from './decimate';
import { type Family, LEARNING_RATE } from './metric-families';

export type Reading = {
  /** With the line's name, where the chart has several. */
  label: string;
  line: number;
  kind: 'batch' | 'training' | 'validation';
  /** What the kind is called in this chart; '' where the chart's name says it. */
  name: string;
  /** Undefined while there is none. */
  value: number | undefined;
};

/**
 * In the order in which they are drawn; batches by the nearest that is known, epochs by the one of the step.
 * At `step` null the newest of each.
 */
export function readings(family: Family, run: Run, step: number | null, smoothing: number): Reading[] {
  const isRate = family.name === LEARNING_RATE;
  return family.lines.flatMap((line, index): Reading[] => {
    const read = (kind: Reading['kind'], name: string, series: Series, at: number): Reading => {
      const label = family.lines.length > 1 ? `${line.label} ${name}` : name || family.name;
      const found = step === null ? last(series) : at < series.length ? series.y[at] : undefined;
      return { label, line: index, kind, name, value: found };
    };
    const at = step ?? 0;
    const batch = nearest(line.batches, at);
    const batchName = line.isRunningMean ? trans.__('so far') : trans.__('batch');
    const smoothed = smoothing > 0 ? smooth(line.batches, smoothing) : null;
    const hasValidation = line.validation.length > 0 || (run.hasValidation && !isRate);
    return [
      ...(line.batches.length > 0 ? [read('batch', batchName, line.batches, batch)] : []),
      ...(smoothed?.length ? [read('batch', trans.__('smoothed'), smoothed, batch)] : []),
      read(
        'training',
        isRate ? '' : trans.__('training'),
        line.training,
        epochIndex(line.training, at, isRate)
      ),
      ...(hasValidation
        ? [read('validation', trans.__('validation'), line.validation, indexFrom(line.validation, at))]
        : [])
    ];
  });
}

/** A value as it is written in the chart of its family. */
export function numberOf(family: Family, number: number | undefined): string {
  return family.name === LEARNING_RATE ? rate(number) : value(number);
}

/** Values belong to the epoch that they end; a rate holds from its step on. */
function epochIndex(series: Series, step: number, isRate: boolean): number {
  const next = indexFrom(series, step);
  return isRate ? Math.max(0, series.x[next] === step ? next : next - 1) : next;
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
