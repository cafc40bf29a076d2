import { expect, it } from 'vitest';
import { bytes, clip, duration, shortCount, value } from './text';

it('writes values with four digits, also those that are not finite', () => {
  expect([0.123456, 12.3456, 1.2e-5, 0, 1].map(value)).toEqual(['0.1235', '12.35', '1.2e-5', '0', '1']);
  expect([105_832, 1.44e10, -2e6].map(value)).toEqual(['105,800', '1.44e10', '-2e6']);
  expect([Number.NaN, Number.POSITIVE_INFINITY, null].map(value)).toEqual(['NaN', '∞', '–']);
});

it('writes durations as clocks do', () => {
  expect([0.42, 75, 4000, null].map(duration)).toEqual(['0.4 s', '1:15', '1:06:40', '–']);
});

it('shortens counts, sizes and names', () => {
  expect([999, 23562, 25_600_000].map(shortCount)).toEqual(['999', '23.6k', '25.6M']);
  expect([0, 512, 41640].map(bytes)).toEqual(['0 B', '512 B', '40.7 KB']);
  expect(clip('abcdef', 4)).toBe('abc…');
  expect(clip('a\u202eb\u0000\ud83d\n😀')).toBe('a\ufffdb\ufffd\ufffd\n😀');
});
