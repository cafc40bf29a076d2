import { describe, expect, it } from 'vitest';
import { asBytes, deflated, type Entry, entry, zip } from '../testing/files';
import { Archive } from './archive';
import { Refusal } from './bytes';

const open = (entries: readonly Entry[]) => new Archive(asBytes(zip(entries)));

describe('an archive', () => {
  it('gives its members, stored and packed', async () => {
    const text = 'a'.repeat(5_000);
    const packed = await deflated(new TextEncoder().encode(text));
    const whole = entry('packed.json', text);
    const archive = open([
      entry('stored.json', '{"a": 1}'),
      entry('packed.json', packed, { method: 8, size: 5_000, checksum: checksumOf([whole]) })
    ]);
    expect([...archive.members.keys()]).toEqual(['stored.json', 'packed.json']);
    expect((await archive.read('stored.json', 100)).text(0, 8, '')).toBe('{"a": 1}');
    expect((await archive.read('packed.json', 5_000)).text(0, 5_000, '')).toBe(text);
  });

  it.each([
    '../config.json',
    'a/../../b',
    '/etc/passwd',
    'C:\\x',
    'a//b',
    'assets/',
    './a',
    'a\u202egnp.json',
    'a\u0000b',
    'x'.repeat(1_001)
  ])('with a member %j is refused', name => {
    expect(() => open([entry(name, 'x')])).toThrow(/plain relative names/);
  });

  it.each([
    ['encrypted', { flags: 1 }, /encrypted/],
    ['a link', { mode: 0o120777 }, /link, folder or device/],
    ['packed in another way', { method: 12 }, /another way of packing \(12\)/],
    ['of two sizes', { size: 7 }, /two: 7 and 4 bytes/],
    ['a bomb', { method: 8, size: 2 ** 30 }, /1073741824 bytes: this is a bomb/]
  ])('with a member that is %s is refused', (_, changes, message) => {
    expect(() => open([entry('config.json', 'text', changes)])).toThrow(message);
  });

  it('with two members of one name is refused', () => {
    expect(() => open([entry('config.json', '1'), entry('config.json', '2')])).toThrow(
      'the list of members: expected each name once, found two members "config.json"'
    );
  });

  it('is refused when it is cut off, at any place', () => {
    const whole = zip([entry('config.json', '{}')]);
    for (let size = 0; size < whole.length; size++) {
      expect(() => new Archive(asBytes(whole.slice(0, size)))).toThrow(Refusal);
    }
  });

  it('is refused with bytes around it, and in the form for large files', () => {
    const whole = zip([entry('config.json', '{}')]);
    expect(() => new Archive(asBytes(Uint8Array.of(0, ...whole)))).toThrow(/nothing before or after/);
    const locator = [0x50, 0x4b, 6, 7, ...new Array(16).fill(0)];
    const end = whole.length - 22;
    const large = Uint8Array.of(...whole.slice(0, end), ...locator, ...whole.slice(end));
    expect(() => new Archive(asBytes(large))).toThrow(/zip64/);
  });

  it('with more members than it lists, or than anybody needs, is refused', () => {
    expect(() => new Archive(asBytes(zip([entry('a', 'x')], 2)))).toThrow(/the list of members/);
    expect(() => new Archive(asBytes(zip([entry('a', 'x')], 60_000)))).toThrow(/at most 10000 members/);
  });

  it('never unpacks more than a member declares', async () => {
    const packed = await deflated(new Uint8Array(50 * 2 ** 20));
    const archive = open([entry('config.json', packed, { method: 8, size: 1_000 })]);
    await expect(archive.read('config.json', 2_000)).rejects.toThrow(
      'config.json: expected 1000 bytes, as the list of members says, found more'
    );
  });

  it('refuses members that are too large, missing, damaged, or end early', async () => {
    const packed = await deflated(new Uint8Array(500));
    const archive = open([
      entry('large', 'x'.repeat(100)),
      entry('wrong', 'text', { checksum: 1 }),
      entry('damaged', Uint8Array.of(7, 7, 7, 7), { method: 8, size: 10 }),
      entry('short', packed, { method: 8, size: 600 })
    ]);
    await expect(archive.read('large', 99)).rejects.toThrow('large: expected at most 99 bytes');
    await expect(archive.read('none', 99)).rejects.toThrow('expected a member none');
    await expect(archive.read('wrong', 99)).rejects.toThrow('wrong: expected bytes that fit their checksum');
    await expect(archive.read('damaged', 99)).rejects.toThrow('damaged: expected packed bytes');
    await expect(archive.read('short', 999)).rejects.toThrow('short: expected 600 bytes');
  });
});

/** As the writer of zip files computes it: the checksum of what is not packed. */
function checksumOf(entries: readonly Entry[]): number {
  const whole = zip(entries);
  return new DataView(whole.buffer).getUint32(14, true);
}
