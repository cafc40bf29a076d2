/** How fast a run goes, and how long it will still take. */
import type { Run } from './runs';

/** Steps a second over the last few seconds, or null. */
export function stepsPerSecond(run: Run): number | null {
  const [first, last] = [run.recent[0], run.recent.at(-1)];
  if (first !== undefined && last !== undefined && last.time > first.time && last.step > first.step) {
    return (last.step - first.step) / (last.time - first.time);
  }
  const seconds = run.epochSeconds.at(-1);
  return seconds && run.stepsPerEpoch ? run.stepsPerEpoch / seconds : null;
}

/** Samples a second, or null while unknown. */
export function samplesPerSecond(run: Run): number | null {
  const rate = stepsPerSecond(run);
  return rate === null || run.batchSize === null ? null : rate * run.batchSize;
}

/** Seconds since the start. */
export function elapsedSeconds(run: Run): number {
  return Math.max(0, run.updated - run.started);
}

/** Part of the run that is done, from 0 to 1, or null while unknown. */
export function progress(run: Run): number | null {
  const epochs = run.epochs - run.initialEpoch;
  if (run.status === 'finished' || epochs <= 0) {
    return run.status === 'finished' ? 1 : null;
  }
  const inEpoch = run.epochsDone > run.epoch || !run.stepsPerEpoch ? 0 : run.epochStep / run.stepsPerEpoch;
  return Math.min(1, Math.max(0, (run.epochsDone - run.initialEpoch + inEpoch) / epochs));
}

/** Seconds until the last epoch ends, by the last three epochs or else by the recent speed. */
export function remainingSeconds(run: Run): number | null {
  const done = progress(run);
  if (done === null || run.status !== 'running') {
    return null;
  }
  const epochsLeft = (1 - done) * (run.epochs - run.initialEpoch);
  const recent = run.epochSeconds.slice(-3);
  if (recent.length > 0) {
    return (epochsLeft * recent.reduce((sum, seconds) => sum + seconds, 0)) / recent.length;
  }
  const rate = stepsPerSecond(run);
  return rate === null || !run.stepsPerEpoch ? null : (epochsLeft * run.stepsPerEpoch) / rate;
}
