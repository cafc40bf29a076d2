import { expect, it } from 'vitest';
import { crc32 } from './crc32';

it.each([
  // By Python's zlib.crc32.
  ['', 0],
  ['a', 0xe8b7be43],
  ['123456789', 0xcbf43926],
  ['The quick brown fox jumps over the lazy dog', 0x414fa339]
])('of %j', (text, expected) => {
  expect(crc32(new TextEncoder().encode(text))).toBe(expected);
});

it('of a part of a buffer, whatever its place', () => {
  const whole = new TextEncoder().encode('xx123456789');
  expect(crc32(whole.subarray(2))).toBe(0xcbf43926);
});
