import { expect, it } from 'vitest';
import { decodeRecord } from '../kernel/decode';
import { golden } from '../testing/golden';
import { classNames, NO_FILTER, shownRows, toRows } from './summary-rows';

const rows = toRows(decodeRecord('ModelBundle', golden('bundle.model')).summary);
const names = (shown: readonly { name: string }[]) => shown.map(row => row.name);

it('knows groups and each share of the parameters', () => {
  expect(rows.map(row => row.isGroup)).toEqual([false, true, false, false, false]);
  expect(rows[4]?.share).toBeCloseTo(10250 / 10410);
});

it('hides the members of a folded group', () => {
  expect(names(shownRows(rows, NO_FILTER, null, new Set([1])))).toEqual([
    'pixels',
    'block',
    'flatten',
    'digit'
  ]);
});

it('filters by words in name, class and shape', () => {
  const words = (query: string) => names(shownRows(rows, { ...NO_FILTER, query }, null, new Set()));
  expect(words('conv2d')).toEqual(['conv']);
  expect(words('CONV conv2d')).toEqual(['conv']);
  expect(words('conv dense')).toEqual([]);
});

it('filters by class, offering each once', () => {
  expect(classNames([...rows, ...rows])).toEqual(['Conv2D', 'Dense', 'Flatten', 'InputLayer', 'Sequential']);
  const filter = { ...NO_FILTER, className: 'Dense' };
  expect(names(shownRows(rows, filter, null, new Set([1])))).toEqual(['digit']);
});

it('tells trained layers from frozen ones and from those without weights', () => {
  const having = (state: 'trainable' | 'frozen' | 'none') =>
    names(shownRows(rows, { ...NO_FILTER, state }, null, new Set()));
  expect(having('trainable')).toEqual(['digit']);
  expect(having('frozen')).toEqual(['block', 'conv']);
  expect(having('none')).toEqual(['pixels', 'flatten']);
});

it('sorts numbers as numbers', () => {
  const sorted = (column: 'parameters' | 'size') =>
    names(shownRows(rows, NO_FILTER, { column, isDown: true }, new Set()))[0];
  expect(sorted('parameters')).toBe('digit');
  expect(sorted('size')).toBe('digit');
});
