import { expect, it } from 'vitest';
import { append, bestIndex, emptySeries, last } from './series';

const values = (series: ReturnType<typeof emptySeries>) => series.y.slice(0, series.length);

it('keeps older versions as they were', () => {
  const one = append(emptySeries(), [1], [10]);
  const two = append(one, [2, 3], [20, 30]);
  expect(values(one)).toEqual([10]);
  expect(values(two)).toEqual([10, 20, 30]);
  expect(last(two)).toBe(30);
});

it('branches when an older version is appended to again', () => {
  const one = append(emptySeries(), [1], [10]);
  const left = append(one, [2], [20]);
  const right = append(one, [2], [99]);
  expect(values(left)).toEqual([10, 20]);
  expect(values(right)).toEqual([10, 99]);
});

it('appends a hundred thousand points one by one without copying them', () => {
  const start = performance.now();
  let series = emptySeries();
  for (let step = 0; step < 100_000; step++) {
    series = append(series, [step], [step]);
  }
  expect(series.length).toBe(100_000);
  expect(performance.now() - start).toBeLessThan(3000);
});

it('finds the best finite value', () => {
  const series = append(emptySeries(), [1, 2, 3, 4], [3, Number.NaN, 1, 2]);
  expect(bestIndex(series, 'min')).toBe(2);
  expect(bestIndex(series, 'max')).toBe(0);
  expect(bestIndex(append(emptySeries(), [1], [Number.NaN]), 'min')).toBe(-1);
});
