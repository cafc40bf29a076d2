import { describe, expect, it } from 'vitest';
import type { Event } from '../protocol';
import { golden } from '../testing/golden';
import { decodeEvent } from './decode';
import { elapsedSeconds, progress, remainingSeconds, samplesPerSecond } from './run-speed';
import { emptyRun, type Run, reduce, reduceAll } from './runs';

/** The golden event with some fields changed. */
function event(type: Event['type'], changes: Record<string, unknown> = {}): Event {
  const decoded = decodeEvent({ ...golden(`event.${type}`), ...changes });
  if (decoded === null) {
    throw new Error(`not an event: ${type}`);
  }
  return decoded;
}

const y = (run: Run, kind: 'batches' | 'training' | 'validation', label: string) => {
  const series = run[kind][label];
  return series?.y.slice(0, series.length);
};

const START = 1_790_000_000.5;

describe('a run', () => {
  it('begins with fit_started', () => {
    const run = reduce(emptyRun, event('fit_started'));
    expect(run).toMatchObject({ status: 'running', modelName: 'digits', epochs: 3, stepsPerEpoch: 4 });
  });

  it('collects batch, epoch and validation values by label', () => {
    const run = reduceAll(emptyRun, [
      event('fit_started'),
      event('epoch_started'),
      event('steps_finished'),
      event('validation_finished'),
      event('epoch_finished')
    ]);
    expect(y(run, 'batches', 'accuracy')).toEqual([0.125, 0.25]);
    expect(y(run, 'training', 'loss')).toEqual([2]);
    expect(y(run, 'validation', 'loss')).toEqual([1.5]);
    expect(run.epochsDone).toBe(1);
  });

  it('takes validation values from the epoch where no pass of its own was reported', () => {
    const run = reduceAll(emptyRun, [event('fit_started'), event('epoch_finished')]);
    expect(y(run, 'validation', 'accuracy')).toEqual([0.5]);
  });

  it('does not change what it was before', () => {
    const before = reduceAll(emptyRun, [event('fit_started'), event('steps_finished')]);
    const frozen = structuredClone(before);
    reduceAll(before, [event('steps_finished', { steps: [3, 4] }), event('epoch_finished')]);
    expect(y(before, 'batches', 'loss')).toEqual([2.5, 2.25]);
    // Of series the storage is shared with newer versions, beyond their own length.
    const stored = { batches: null, clock: null, epochStarts: null, epochEnds: null };
    expect({ ...before, ...stored }).toEqual({ ...frozen, ...stored });
    expect(before.clock.length).toBe(frozen.clock.length);
  });

  it('pauses, resumes, stops and stays stopped when it is finished', () => {
    const started = reduce(emptyRun, event('fit_started'));
    const paused = reduce(started, event('fit_paused'));
    expect(paused.status).toBe('paused');
    expect(reduce(paused, event('fit_resumed')).status).toBe('running');
    const stopped = reduceAll(paused, [event('fit_stopped'), event('epoch_finished'), event('fit_finished')]);
    expect(stopped.status).toBe('stopped');
    expect(stopped.stop).toMatchObject({ reason: 'user', message: '' });
  });

  it('keeps the message of a failure', () => {
    const run = reduceAll(emptyRun, [event('fit_started'), event('fit_failed')]);
    expect(run.status).toBe('failed');
    expect(run.failure?.message).toContain('<b>Label 7</b>');
  });

  it('keeps what happened, and who changed the learning rate', () => {
    const run = reduceAll(emptyRun, [
      event('fit_started'),
      event('learning_rate_changed', { source: 'user' }),
      event('checkpoint_saved')
    ]);
    expect(run.learningRate).toBe(0.0005);
    expect(run.rateChange).toMatchObject({ source: 'user', step: 4 });
    expect(run.marks.map(mark => mark.type)).toEqual(['learning_rate_changed', 'checkpoint_saved']);
  });

  it('follows a schedule without marking each of its changes', () => {
    const run = reduceAll(emptyRun, [
      event('fit_started', { schedule: 'CosineDecay' }),
      event('learning_rate_changed', { source: 'schedule' })
    ]);
    expect(run).toMatchObject({ schedule: 'CosineDecay', learningRate: 0.0005, marks: [] });
  });

  it('counts what happened, so that the effect of a command can be waited for', () => {
    const paused = reduceAll(emptyRun, [event('fit_started'), event('fit_paused')]);
    expect(reduce(paused, event('steps_finished')).happenings).toBe(paused.happenings);
    expect(reduce(paused, event('fit_resumed')).happenings).toBe(paused.happenings + 1);
  });

  it('repeats advice in its newest form, unless it is about something else', () => {
    const run = reduceAll(emptyRun, [
      event('fit_started'),
      event('diagnostic'),
      event('diagnostic', { path: 'other' }),
      event('diagnostic', { step: 7 })
    ]);
    expect(run.diagnostics.map(({ path, step }) => [path, step])).toEqual([
      ['other', 6],
      ['conv_1/kernel', 7]
    ]);
  });

  it('knows the time of steps and the starts of epochs', () => {
    const run = reduceAll(emptyRun, [
      event('fit_started', { time: START }),
      event('epoch_started', { time: START + 1 }),
      event('steps_finished', { time: START + 2 }),
      event('steps_finished', { epoch: 1, epoch_step: 2, steps: [5, 6], time: START + 4 })
    ]);
    const points = ({ x, y: values, length }: Run['clock']) => [x.slice(0, length), values.slice(0, length)];
    expect(points(run.clock)).toEqual([
      [0, 2, 6],
      [1, 2, 4]
    ]);
    // The second is known by its steps alone, as in a thinned history.
    expect(points(run.epochStarts)).toEqual([
      [0, 4],
      [0, 1]
    ]);
  });

  it('takes labels that are names of object members', () => {
    const run = reduceAll(emptyRun, [
      event('fit_started'),
      event('epoch_finished', { logs: JSON.parse('{"__proto__": 1, "constructor": 2, "toString": 3}') })
    ]);
    expect(Object.keys(run.training)).toEqual(['__proto__', 'constructor', 'toString']);
  });
});

describe('the speed of a run', () => {
  const moving = () =>
    reduceAll(emptyRun, [
      event('fit_started'),
      event('epoch_started', { time: START }),
      event('steps_finished', { time: START + 0.5 })
    ]);

  it('is that of the last seconds', () => {
    expect(samplesPerSecond(moving())).toBeCloseTo((2 / 0.5) * 32);
  });

  it('gives progress and remaining time', () => {
    expect(progress(moving())).toBeCloseTo(2 / 12);
    expect(remainingSeconds(moving())).toBeCloseTo(10 / 4);
    expect(elapsedSeconds(moving())).toBeCloseTo(0.5);
  });

  it('counts whole epochs, validation included, once there are some', () => {
    const run = reduceAll(moving(), [event('epoch_finished', { time: START + 2, seconds: 2 })]);
    expect(progress(run)).toBeCloseTo(1 / 3);
    expect(remainingSeconds(run)).toBeCloseTo(4);
  });

  it('learns the steps of an epoch from the first one', () => {
    const run = reduceAll(emptyRun, [
      event('fit_started', { steps_per_epoch: null }),
      event('steps_finished'),
      event('epoch_finished')
    ]);
    expect(run.stepsPerEpoch).toBe(2);
  });

  it('is unknown in an empty run', () => {
    expect([progress(emptyRun), samplesPerSecond(emptyRun), remainingSeconds(emptyRun)]).toEqual([
      null,
      null,
      null
    ]);
  });
});
