import { expect, it } from 'vitest';
import { decodeModelBundle } from '../kernel/decode';
import { golden } from '../testing/golden';
import { shownRows, toRows } from './summary-rows';

const rows = toRows(decodeModelBundle(golden('bundle.model')).summary);
const names = (shown: readonly { name: string }[]) => shown.map(row => row.name);

it('knows groups and each share of the parameters', () => {
  expect(rows.map(row => row.isGroup)).toEqual([false, true, false, false, false]);
  expect(rows[4]?.share).toBeCloseTo(10250 / 10410);
});

it('hides the members of a folded group', () => {
  expect(names(shownRows(rows, '', null, new Set([1])))).toEqual(['pixels', 'block', 'flatten', 'digit']);
});

it('filters by name, class, shape and whether it is trained', () => {
  expect(names(shownRows(rows, 'conv2d', null, new Set()))).toEqual(['conv']);
  expect(names(shownRows(rows, 'frozen', null, new Set()))).toEqual(['block', 'conv']);
});

it('sorts numbers as numbers', () => {
  const sorted = shownRows(rows, '', { column: 'parameters', isDown: true }, new Set());
  expect(names(sorted)[0]).toBe('digit');
});
