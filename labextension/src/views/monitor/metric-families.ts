/** Which values belong in one chart, and what is good. */
import type { Run } from '../../kernel/runs';
import { bestIndex, emptySeries, type Series } from '../../kernel/series';
import { BATCH_LOSS, LARGER_IS_BETTER, LEARNING_RATE_LABELS, SMALLER_IS_BETTER } from '../../tables';
import { indexFrom } from './axes';

/** One quantity: its batch, epoch and validation values. */
export type Line = {
  label: string;
  /** Of each batch alone, or (`isRunningMean`) of the epoch up to that batch. */
  batches: Series;
  isRunningMean: boolean;
  training: Series;
  validation: Series;
};

/** One chart. */
export type Family = { name: string; lines: readonly Line[]; goal: 'min' | 'max' | null };

/** The best epoch of a family: which series, where and how good. */
export type Best = { label: string; isValidation: boolean; epoch: number; step: number; value: number };

/** The family of the learning rate. */
export const [LEARNING_RATE] = LEARNING_RATE_LABELS;

/** The charts of a run: loss first, then the metrics in the order they came, the learning rate last. */
export function families(run: Run): Family[] {
  const labels = new Set(
    [run.batches, run.training, run.validation].flatMap(Object.keys).filter(label => label !== BATCH_LOSS)
  );
  const groups = new Map<string, string[]>();
  for (const label of labels) {
    const name = familyOf(label);
    groups.set(name, [...(groups.get(name) ?? []), label]);
  }
  if (run.schedule !== '' && !groups.has(LEARNING_RATE) && run.rates.length > 0) {
    groups.set(LEARNING_RATE, []);
  }
  return [...groups]
    .map(([name, members]) => ({ name, goal: goalOf(name), lines: linesOf(run, name, members) }))
    .sort((a, b) => rank(a.name) - rank(b.name));
}

/** The epoch (from 0) that a step belongs to, for steps at which an epoch's values were taken. */
export function epochOf(run: Run, step: number): number {
  const index = indexFrom(run.epochEnds, step);
  return index < run.epochEnds.length ? (run.epochEnds.y[index] as number) : run.epoch;
}

/** The best epoch by validation where there is any, else by training; null if nobody can say. */
export function best(family: Family, run: Run): Best | null {
  const line = family.lines[0];
  if (line === undefined || family.goal === null) {
    return null;
  }
  const isValidation = line.validation.length > 0;
  const series = isValidation ? line.validation : line.training;
  const index = bestIndex(series, family.goal);
  // One epoch is its own best: nothing to tell.
  if (index < 0 || series.length < 2) {
    return null;
  }
  const step = series.x[index] as number;
  return {
    label: line.label,
    isValidation,
    epoch: epochOf(run, step),
    step,
    value: series.y[index] as number
  };
}

function familyOf(label: string): string {
  if (LEARNING_RATE_LABELS.some(name => name === label)) {
    return LEARNING_RATE;
  }
  return label === 'loss' || label.endsWith('_loss') ? 'loss' : label;
}

function goalOf(name: string): 'min' | 'max' | null {
  if (SMALLER_IS_BETTER.test(name)) {
    return 'min';
  }
  return LARGER_IS_BETTER.test(name) ? 'max' : null;
}

function rank(name: string): number {
  return name === 'loss' ? 0 : name === LEARNING_RATE ? 2 : 1;
}

/** The whole loss before its parts; of a schedule, what it set. */
function linesOf(run: Run, name: string, labels: readonly string[]): Line[] {
  if (labels.length === 0) {
    const [batches, validation] = [emptySeries(), emptySeries()];
    return [{ label: name, batches, isRunningMean: false, training: run.rates, validation }];
  }
  const first = labels.filter(label => label === name);
  return [...first, ...labels.filter(label => label !== name)].map(label => lineOf(run, label));
}

function lineOf(run: Run, label: string): Line {
  // Of the loss, the batch's own value: the running mean would hide what the optimizer sees.
  const batchLabel = label === 'loss' && Object.hasOwn(run.batches, BATCH_LOSS) ? BATCH_LOSS : label;
  const own = (all: Readonly<Record<string, Series>>, key: string) =>
    (Object.hasOwn(all, key) ? all[key] : undefined) ?? emptySeries();
  return {
    label,
    batches: own(run.batches, batchLabel),
    isRunningMean: batchLabel !== BATCH_LOSS,
    training: own(run.training, label),
    validation: own(run.validation, label)
  };
}
