import { describe, expect, it } from 'vitest';
import { emptyRun, type Run, reduceAll } from '../../kernel/runs';
import { append, emptySeries } from '../../kernel/series';
import type { Diagnostic, FitPaused, FitResumed, FitStarted, LearningRateChanged } from '../../protocol';
import { golden } from '../../testing/golden';
import type { Theme } from '../shared/theme';
import { epochAt, nearest, xAxis } from './axes';
import { type DrawOptions, drawOptions } from './chart-options';
import { decimate, smooth } from './decimate';
import { type Figure, type FigureArguments, figure, type View } from './figure';
import { stateOf } from './header';
import { readRate } from './learning-rate';
import { happenings, stopText } from './marks';
import { best, families } from './metric-families';
import { readings, stepAt } from './readings';
import { commandOf } from './steering';

const series = (y: number[]) =>
  append(
    emptySeries(),
    y.map((_, i) => i + 1),
    y
  );

const theme: Theme = {
  text: '#000',
  faint: '#777',
  grid: '#ddd',
  background: '#fff',
  font: 'sans',
  best: 'green',
  warning: 'orange',
  error: 'red',
  series: ['blue', 'orange']
};

describe('decimation', () => {
  it('leaves a short series alone', () => {
    expect(decimate(series([3, 1, 2]), 100).y).toEqual([3, 1, 2]);
  });

  it('keeps extremes, first and last of a long one, in order', () => {
    const values = Array.from({ length: 100_000 }, (_, i) => Math.sin(i / 500));
    values[54_321] = 99;
    values[77_777] = -99;
    const points = decimate(series(values), 1000);
    expect(points.y.length).toBeLessThanOrEqual(1002);
    expect(points.y).toContain(99);
    expect(points.y).toContain(-99);
    expect(points.x[0]).toBe(1);
    expect(points.x.at(-1)).toBe(100_000);
    expect(points.x).toEqual([...points.x].sort((a, b) => a - b));
  });

  it('keeps a single nan as a gap', () => {
    const values = Array.from({ length: 10_000 }, () => 1);
    values[5000] = Number.NaN;
    expect(decimate(series(values), 100).y.some(Number.isNaN)).toBe(true);
  });

  it('does not read beyond its own version of the series', () => {
    const one = series([1, 2]);
    append(one, [3], [99]);
    expect(decimate(one, 100).y).toEqual([1, 2]);
  });
});

describe('smoothing', () => {
  it('starts at the first value and lies between neighbours', () => {
    // Weight 1/2: 0; (0/2 + 4) / (1/2 + 1) = 8/3; ...
    const { y } = smooth(series([0, 4]), 0.5);
    expect(y[0]).toBe(0);
    expect(y[1]).toBeCloseTo(8 / 3);
  });

  it('goes on after a nan', () => {
    const { y } = smooth(series([1, Number.NaN, 1]), 0.9);
    expect(y[1]).toBeNaN();
    expect(y[2]).toBeCloseTo(1);
  });
});

const run: Run = {
  ...emptyRun,
  status: 'running',
  batches: { loss: series([3, 2, 1]), batch_loss: series([5, 4, 3]), accuracy: series([0.1, 0.2, 0.3]) },
  training: { accuracy: series([0.5, 0.6, 0.7]), loss: series([3, 2, 1]), learning_rate: series([1, 1, 1]) },
  validation: { loss: series([3, 1, 2]), accuracy: series([0.4, 0.6, 0.5]) },
  epochEnds: append(emptySeries(), [1, 2, 3], [0, 1, 2])
};

describe('families', () => {
  it('come with the loss first and the learning rate last', () => {
    expect(families(run).map(family => family.name)).toEqual(['loss', 'accuracy', 'learning_rate']);
  });

  it("draw the batch's own loss rather than the running mean", () => {
    const line = families(run)[0]?.lines[0];
    expect(line?.batches.y).toEqual([5, 4, 3]);
  });

  it('put the losses of several outputs into one chart', () => {
    const several = { ...run, training: { a_loss: series([1]), loss: series([2]), b_loss: series([1]) } };
    const [losses] = families({ ...several, batches: {}, validation: {} });
    expect(losses?.lines.map(line => line.label)).toEqual(['loss', 'a_loss', 'b_loss']);
  });

  it('draw the learning rate that a schedule sets, but not one that stays', () => {
    const rates = append(append(emptySeries(), [0], [0.1]), [2], [0.05]);
    const named = (of: Run) => families(of).map(family => family.name);
    expect(named({ ...timedRun, rates })).toEqual(['loss']);
    expect(named({ ...timedRun, rates, schedule: 'CosineDecay' })).toEqual(['loss', 'learning_rate']);
  });

  it('know the best epoch by validation: smallest loss, largest accuracy', () => {
    const [loss, accuracy, rate] = families(run);
    expect(loss && best(loss, run)).toMatchObject({ epoch: 1, value: 1, isValidation: true });
    expect(accuracy && best(accuracy, run)).toMatchObject({ epoch: 1, value: 0.6 });
    expect(rate && best(rate, run)).toBeNull();
  });

  it('name the best epoch also where only every fifth is validated', () => {
    const ends = append(emptySeries(), [10, 20, 30, 40, 50], [0, 1, 2, 3, 4]);
    const rare = { loss: append(emptySeries(), [30, 50], [2, 1]) };
    const [loss] = families({ ...run, validation: rare });
    expect(loss && best(loss, { ...run, epochEnds: ends })).toMatchObject({ epoch: 4, step: 50, value: 1 });
  });
});

describe('the figure', () => {
  const view: View = { range: null, drag: 'zoom', revision: 0 };
  const draw = (changes: Partial<FigureArguments & DrawOptions> = {}) => {
    const of = changes.run ?? run;
    const [family] = families(of);
    if (family === undefined) {
      throw new Error('no family');
    }
    const options = drawOptions(changes);
    return figure({ family, run: of, happenings: happenings(of), view, theme, ...changes, options });
  };
  const names = (of: Figure) => of.data.map(trace => trace.name);
  const x = (of: Figure, name: string) => (of.data.find(trace => trace.name === name) as { x: number[] }).x;

  it('has batches, training, validation and the best', () => {
    expect(names(draw())).toEqual(['batch', 'training', 'validation', 'best']);
  });

  it('adds a smooth line and keeps the raw one faint', () => {
    expect(names(draw({ smoothing: 0.9 }))).toContain('smoothed');
  });

  it('has logarithmic axes on demand', () => {
    const { layout } = draw({ log_x: true, log_y: true });
    expect([layout.xaxis?.type, layout.yaxis?.type]).toEqual(['log', 'log']);
    expect(draw().layout.xaxis?.type).toBe('linear');
  });

  it('draws over steps, epochs or time', () => {
    expect(x(draw(), 'batch')).toEqual([1, 2, 3]);
    expect(x(draw({ x_axis: 'epoch', run: timedRun }), 'batch')).toEqual([0.5, 1, 1.5, 1.5, 2]);
    expect(x(draw({ x_axis: 'time', run: timedRun }), 'batch')).toEqual([1, 2, 13, 13, 14]);
  });

  it('shows a part of the axis in full detail', () => {
    const values = Array.from({ length: 100_000 }, (_, i) => i);
    const long = { ...run, step: 100_000, batches: { loss: series(values) } };
    const part = draw({ run: long, view: { ...view, range: [50_000, 50_100] } });
    expect(x(part, 'batch')).toEqual(Array.from({ length: 102 }, (_, i) => 49_999 + i));
    expect(part.layout.xaxis?.range).toEqual([50_000, 50_100]);
  });

  it('gives the range of a logarithmic axis in powers of ten', () => {
    const { layout } = draw({ log_x: true, view: { ...view, range: [1, 100] } });
    expect(layout.xaxis?.range).toEqual([0, 2]);
  });

  it('gives a value that does not change room of its own size', () => {
    const steady = { ...run, batches: {}, training: { loss: series([0.004, 0.004]) }, validation: {} };
    expect(draw({ run: steady }).layout.yaxis?.range).toEqual([0.002, 0.006]);
    expect(draw().layout.yaxis?.range).toBeUndefined();
  });

  it('lets a few wild batches not flatten the rest, unless the axis is logarithmic', () => {
    const wild = Array.from({ length: 100 }, (_, i) => (i === 0 ? 1e6 : 1 + i / 100));
    const flattened = { ...run, batches: { batch_loss: series(wild), loss: series([1]) }, validation: {} };
    const [low = 0, high = 0] = draw({ run: flattened }).layout.yaxis?.range ?? [];
    expect([low < 1, high > 3, high < 4]).toEqual([true, true, true]);
    expect(draw({ run: flattened, log_y: true }).layout.yaxis?.range).toBeUndefined();
  });

  it('does not join a mean over the epoch so far to that of the epoch before', () => {
    const [, accuracy] = families({
      ...timedRun,
      batches: { ...timedRun.batches, accuracy: series([1, 2, 3, 4]) }
    });
    const drawn = draw({ run: timedRun, ...(accuracy && { family: accuracy }) });
    expect(drawn.data.find(trace => trace.name === 'batch')).toMatchObject({
      x: [1, 2, 3, 3, 4],
      y: [1, 2, null, 3, 4]
    });
  });

  it('ticks each step of a short run', () => {
    expect(draw({ run: { ...run, step: 3 } }).layout.xaxis?.dtick).toBe(1);
    expect(draw({ run: { ...run, step: 300 } }).layout.xaxis?.dtick).toBeUndefined();
  });

  it('draws what happened as lines, one for each step, with the symbol that matters most', () => {
    const { layout } = draw({ run: { ...run, marks: [paused(2), nan(2), paused(3)] } });
    expect(layout.shapes?.map(shape => shape.x0)).toEqual([2, 3]);
    expect(layout.annotations?.map(({ x: at, text }) => [at, text])).toEqual([
      [3, '‖'],
      [2, 'NaN']
    ]);
  });

  it('leaves out symbols that would cover each other, but no line', () => {
    const many = { ...run, step: 1000, marks: [paused(10), paused(20), paused(500)] };
    const { layout } = draw({ run: many });
    expect(layout.shapes).toHaveLength(3);
    expect(layout.annotations?.map(note => note.x)).toEqual([500, 20]);
  });

  it('gives plotly, which reads HTML, no text from outside', () => {
    const name = '<a href="x">loss</a>_loss';
    const hostile: Run = {
      ...run,
      modelName: name,
      batches: { [name]: series([1, 2]) },
      marks: [{ ...nan(1), message: name }]
    };
    expect(JSON.stringify(draw({ run: hostile }))).not.toContain('href');
  });
});

const paused = (step: number): FitPaused => ({ type: 'fit_paused', run_id: '', time: 0, step });
const nan = (step: number): Diagnostic => ({
  type: 'diagnostic',
  run_id: '',
  time: 0,
  step,
  code: 'non-finite-loss',
  path: '',
  message: 'The loss is nan',
  fix: '',
  level: 'warning'
});

/** Two epochs of two steps, a second each, with ten seconds of validation after the first. */
const timedRun = reduceAll(emptyRun, [
  { ...golden('event.fit_started'), time: 100, steps_per_epoch: 2 } as unknown as FitStarted,
  { type: 'epoch_started', run_id: '', time: 100, epoch: 0, step: 0 },
  {
    type: 'steps_finished',
    run_id: '',
    time: 102,
    epoch: 0,
    epoch_step: 2,
    steps: [1, 2],
    logs: { loss: [4, 3] }
  },
  { type: 'epoch_finished', run_id: '', time: 112, epoch: 0, step: 2, logs: { loss: 3 }, seconds: 12 },
  { type: 'epoch_started', run_id: '', time: 112, epoch: 1, step: 2 },
  {
    type: 'steps_finished',
    run_id: '',
    time: 114,
    epoch: 1,
    epoch_step: 2,
    steps: [3, 4],
    logs: { loss: [2, 1] }
  }
]);

describe('the axes', () => {
  it('go on within an epoch of unknown length', () => {
    const unknown = { ...timedRun, stepsPerEpoch: null };
    expect([0, 1, 2, 3, 4].map(step => epochAt(unknown, step))).toEqual([0, 0.5, 1, 1.5, 2]);
  });

  it('are read backwards: the step at a place', () => {
    const axis = xAxis(timedRun, 'time');
    expect([0, 1.2, 7, 9, 13.9, 99].map(place => stepAt(timedRun, axis, place))).toEqual([0, 1, 2, 3, 4, 4]);
  });

  it('find the nearest point', () => {
    const some = append(emptySeries(), [10, 20, 40], [0, 0, 0]);
    expect([0, 14, 16, 31, 99].map(place => nearest(some, place))).toEqual([0, 0, 1, 2, 2]);
    expect(nearest(emptySeries(), 1)).toBe(-1);
  });
});

describe('the readings of a step', () => {
  it('are the batch, and the values of its epoch', () => {
    const [loss] = families(run);
    const read = (step: number | null) =>
      loss ? readings(loss, run, step, 0).map(({ label, value }) => [label, value]) : [];
    expect(read(2)).toEqual([
      ['batch', 4],
      ['training', 2],
      ['validation', 1]
    ]);
    expect(read(null)).toEqual([
      ['batch', 3],
      ['training', 1],
      ['validation', 2]
    ]);
  });

  it('keep a place for a validation that is still to come', () => {
    const begun = { ...run, validation: {}, hasValidation: true };
    const [, accuracy] = families(begun);
    const read = accuracy ? readings(accuracy, begun, null, 0) : [];
    expect(read.map(({ name, value }) => [name, value])).toEqual([
      ['so far', 0.3],
      ['training', 0.7],
      ['validation', undefined]
    ]);
  });
});

describe('what happened', () => {
  const rate = (source: 'user' | 'callback', previous: number | null): LearningRateChanged => ({
    type: 'learning_rate_changed',
    run_id: '',
    time: 5,
    step: 12,
    learning_rate: 0.0005,
    previous,
    source
  });
  const resumed = (step: number, until: 'end' | 'epoch' | 'step'): FitResumed => ({
    type: 'fit_resumed',
    run_id: '',
    time: step,
    step,
    until
  });
  const texts = (marks: Run['marks']) => happenings({ ...run, marks }).map(({ step, text }) => [step, text]);

  it('is told with the old and the new learning rate, and who set it', () => {
    expect(texts([rate('user', 0.001), rate('callback', null)])).toEqual([
      [12, 'learning rate 0.001 → 0.0005, by hand'],
      [12, 'learning rate 0.0005, by a callback']
    ]);
  });

  it('joins single steps, and leaves out the pauses that they end with', () => {
    const marks = [
      paused(5),
      resumed(5, 'step'),
      paused(6),
      resumed(6, 'step'),
      paused(7),
      resumed(7, 'end')
    ];
    expect(texts(marks)).toEqual([
      [5, 'paused'],
      [6, 'single steps: 2'],
      [7, 'resumed']
    ]);
  });

  it('gives the reason of a callback that stopped the run', () => {
    const stopped = { type: 'fit_stopped', run_id: '', time: 0, epoch: 3, step: 9 } as const;
    expect(texts([{ ...stopped, reason: 'callback', message: 'Early stopping: val_loss' }])).toEqual([
      [9, 'Early stopping: val_loss']
    ]);
    expect(stopText({ ...stopped, reason: 'interrupt', message: '' })).toBe('interrupted');
  });
});

describe('a learning rate that is typed', () => {
  it('is a number greater than 0', () => {
    expect(readRate(' 1e-3 ')).toEqual({ rate: 0.001 });
    expect(readRate('0,01')).toEqual({ rate: 0.01 });
    for (const text of ['', 'fast', '0', '-1', 'NaN', 'Infinity', '1e39']) {
      expect(readRate(text)).toHaveProperty('problem');
    }
  });
});

describe('keys', () => {
  it('pause, resume, step and save', () => {
    expect(commandOf(' ', run)).toEqual({ method: 'pause' });
    expect(commandOf(' ', { ...run, status: 'paused' })).toEqual({ method: 'resume' });
    expect(commandOf('s', run)).toEqual({ method: 'step', unit: 'step' });
    expect(commandOf('E', run)).toEqual({ method: 'step', unit: 'epoch' });
    expect(commandOf('w', run)).toEqual({ method: 'save_checkpoint' });
    expect(commandOf('a', run)).toBeNull();
  });
});

describe('the state in one word', () => {
  it('is stale only for a run whose end is not known', () => {
    const stale = { kind: 'stale', message: '' } as const;
    expect(stateOf(run, stale)).toBe('stale');
    expect(stateOf({ ...run, status: 'finished' }, stale)).toBe('finished');
    expect(stateOf(run, { kind: 'live' })).toBe('running');
    expect(stateOf(emptyRun, { kind: 'connecting' })).toBe('waiting');
  });
});

describe('options', () => {
  it('are those given last that say anything, within their limits', () => {
    const settings = { smoothing: 0.6, x_axis: 'epoch' } as const;
    expect(drawOptions(settings, null, { smoothing: null, log_y: true })).toEqual({
      smoothing: 0.6,
      x_axis: 'epoch',
      log_x: false,
      log_y: true
    });
    expect(drawOptions({ smoothing: 7 }).smoothing).toBe(0.99);
  });
});
