/** Which values belong in one chart, and what is good. */
import type { Run } from '../../kernel/runs';
import { bestIndex, emptySeries, last, type Series } from '../../kernel/series';

/** One quantity: its batch, epoch and validation values. */
export type Line = {
  label: string;
  batches: Series;
  training: Series;
  validation: Series;
};

/** One chart. */
export type Family = { name: string; lines: readonly Line[]; goal: 'min' | 'max' | null };

/** The best epoch of a family: which series, where and how good. */
export type Best = { label: string; isValidation: boolean; epoch: number; step: number; value: number };

const BATCH_LOSS = 'batch_loss';
const LARGER_IS_BETTER = /acc|auc|precision|recall|f1|f_?beta|iou|r2|top_k|similarity|dice/i;
const SMALLER_IS_BETTER =
  /loss|error|mse|mae|mape|msle|rmse|crossentropy|divergence|perplexity|hinge|poisson/i;

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
  return [...groups]
    .map(([name, members]) => ({ name, goal: goalOf(name), lines: members.map(label => lineOf(run, label)) }))
    .sort((a, b) => rank(a.name) - rank(b.name));
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
  return {
    label: line.label,
    isValidation,
    epoch: run.initialEpoch + index,
    step: series.x[index] as number,
    value: series.y[index] as number
  };
}

/** What a line shows at the moment: the last epoch's value, or before the first epoch ends the last batch's. */
export function latest(line: Line): number | undefined {
  return last(line.training) ?? last(line.batches);
}

function familyOf(label: string): string {
  if (label === 'lr' || label === 'learning_rate') {
    return 'learning_rate';
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
  return name === 'loss' ? 0 : name === 'learning_rate' ? 2 : 1;
}

function lineOf(run: Run, label: string): Line {
  // Of the loss, the batch's own value: the running mean would hide what the optimizer sees.
  const batchLabel = label === 'loss' && Object.hasOwn(run.batches, BATCH_LOSS) ? BATCH_LOSS : label;
  const own = (all: Readonly<Record<string, Series>>, key: string) =>
    (Object.hasOwn(all, key) ? all[key] : undefined) ?? emptySeries();
  return {
    label,
    batches: own(run.batches, batchLabel),
    training: own(run.training, label),
    validation: own(run.validation, label)
  };
}
