/// <reference types="vite/client" />
/** The files of tests/model_files, and zip archives made by hand. */
import { Bytes } from '../keras-file/bytes';
import { crc32 } from '../keras-file/crc32';

const files = import.meta.glob<string>('../../../tests/model_files/*.{keras,h5}', {
  eager: true,
  import: 'default',
  query: '?inline'
});

/** The bytes of a file by its name; a copy, so that a test may change it. */
export function fileBytes(name: string): Uint8Array<ArrayBuffer> {
  const found = Object.entries(files).find(([path]) => path.endsWith(`/${name}`));
  if (found === undefined) {
    throw new Error(`No file ${name}`);
  }
  const text = atob(found[1].slice(found[1].indexOf(',') + 1));
  return Uint8Array.from(text, sign => sign.charCodeAt(0));
}

export function fileNames(ending: string): string[] {
  return Object.keys(files)
    .map(path => path.replace(/^.*\//, ''))
    .filter(name => name.endsWith(ending));
}

export function asBytes(array: Uint8Array<ArrayBuffer>): Bytes {
  return new Bytes(array.slice().buffer);
}

export type Entry = {
  name: string;
  /** The bytes as they are stored. */
  data: Uint8Array;
  /** What the list of members says, where that is not the truth. */
  size?: number;
  checksum?: number;
  method?: number;
  flags?: number;
  mode?: number;
};

export function entry(name: string, text: string | Uint8Array, changes: Partial<Entry> = {}): Entry {
  return { name, data: typeof text === 'string' ? new TextEncoder().encode(text) : text, ...changes };
}

/** A zip archive of these members, as they say. */
export function zip(entries: readonly Entry[], count = entries.length): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const item of entries) {
    const name = new TextEncoder().encode(item.name);
    const { data, flags = 0, method = 0, mode = 0o100600, size = data.length } = item;
    const checksum = item.checksum ?? crc32(data);
    const common = [20, flags, method, 0, 0x21];
    const sizes = [checksum, data.length, size];
    const local = [
      u32(0x04034b50),
      ...common.map(u16),
      ...sizes.map(u32),
      u16(name.length),
      u16(0),
      name,
      data
    ];
    directory.push(
      ...[u32(0x02014b50), u16(0x0314), ...common.map(u16), ...sizes.map(u32)],
      ...[u16(name.length), u16(0), u16(0), u16(0), u16(0), u32(mode * 0x10000), u32(at), name]
    );
    parts.push(...local);
    at += local.reduce((total, part) => total + part.length, 0);
  }
  const size = directory.reduce((total, part) => total + part.length, 0);
  const end = [u32(0x06054b50), u16(0), u16(0), u16(count), u16(count), u32(size), u32(at), u16(0)];
  return joined([...parts, ...directory, ...end]);
}

export async function deflated(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([data]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 255, (value >> 8) & 255);
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255);
}
