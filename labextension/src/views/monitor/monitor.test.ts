import { describe, expect, it } from 'vitest';
import { emptyRun, type Run } from '../../kernel/runs';
import { append, emptySeries } from '../../kernel/series';
import type { Theme } from '../shared/theme';
import { decimate, smooth } from './decimate';
import { best, families } from './families';
import { figure, plainText } from './figure';
import { stateOf } from './header';
import { type DrawOptions, drawOptions } from './options';

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
    const { y } = smooth({ x: [1, 2], y: [0, 4] }, 0.5);
    expect(y[0]).toBe(0);
    expect(y[1]).toBeCloseTo(8 / 3);
  });

  it('goes on after a nan', () => {
    const { y } = smooth({ x: [1, 2, 3], y: [1, Number.NaN, 1] }, 0.9);
    expect(y[1]).toBeNaN();
    expect(y[2]).toBeCloseTo(1);
  });
});

const run: Run = {
  ...emptyRun,
  status: 'running',
  batches: { loss: series([3, 2, 1]), batch_loss: series([5, 4, 3]), accuracy: series([0.1, 0.2, 0.3]) },
  training: { accuracy: series([0.5, 0.6, 0.7]), loss: series([3, 2, 1]), learning_rate: series([1, 1, 1]) },
  validation: { loss: series([3, 1, 2]), accuracy: series([0.4, 0.6, 0.5]) }
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
    const several = { ...run, training: { ...run.training, a_loss: series([1]), b_loss: series([1]) } };
    expect(families(several)[0]?.lines.map(line => line.label)).toEqual(['loss', 'a_loss', 'b_loss']);
  });

  it('know the best epoch by validation: smallest loss, largest accuracy', () => {
    const [loss, accuracy, rate] = families(run);
    expect(loss && best(loss, run)).toMatchObject({ epoch: 1, value: 1, isValidation: true });
    expect(accuracy && best(accuracy, run)).toMatchObject({ epoch: 1, value: 0.6 });
    expect(rate && best(rate, run)).toBeNull();
  });
});

describe('the figure', () => {
  const draw = (options: Partial<DrawOptions> = {}, of: Run = run) => {
    const [family] = families(of);
    if (family === undefined) {
      throw new Error('no family');
    }
    return figure(family, of, drawOptions(options), theme);
  };

  it('has batches, training, validation and the best', () => {
    expect(draw().data.map(trace => trace.name)).toEqual(['batch', 'training', 'validation', 'best']);
  });

  it('adds a smooth line and keeps the raw one faint', () => {
    expect(draw({ smoothing: 0.9 }).data.map(trace => trace.name)).toContain('batch (smoothed)');
  });

  it('has a logarithmic axis on demand', () => {
    expect(draw({ log_y: true }).layout.yaxis?.type).toBe('log');
  });

  it('draws marks as lines whose text is plain', () => {
    const marked = draw(undefined, {
      ...run,
      marks: [{ kind: 'nan', step: 2, text: '<a href="x">NaN</a>' }]
    });
    expect(marked.layout.shapes?.[0]).toMatchObject({ x0: 2, x1: 2 });
    expect(marked.layout.annotations?.[0]?.hovertext).toBe('&lt;a href="x"&gt;NaN&lt;/a&gt;');
  });

  it('limits names', () => {
    expect(plainText('x'.repeat(10_000)).length).toBeLessThanOrEqual(60);
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
