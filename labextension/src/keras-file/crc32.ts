/**
 * The checksum of zip members, four bytes at a time: files have hundreds of megabytes.
 * Source: PKWARE APPNOTE 4.4.7, polynomial 0xEDB88320; Kounavis and Berry 2005, "slicing-by-4".
 */

const BYTE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) {
    value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return value;
});

/** What a byte does to the checksum when one, two or three bytes follow it. */
const [THEN_1, THEN_2, THEN_3] = [after(BYTE), after(after(BYTE)), after(after(after(BYTE)))];

function after(table: Uint32Array): Uint32Array {
  return table.map(value => at(BYTE, value & 255) ^ (value >>> 8));
}

function at(table: Uint32Array, index: number): number {
  return table[index] as number;
}

export function crc32(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - (bytes.length % 4);
  let value = 0xffffffff;
  for (let place = 0; place < whole; place += 4) {
    const word = value ^ view.getUint32(place, true);
    value =
      at(THEN_3, word & 255) ^
      at(THEN_2, (word >>> 8) & 255) ^
      at(THEN_1, (word >>> 16) & 255) ^
      at(BYTE, word >>> 24);
  }
  for (let place = whole; place < bytes.length; place++) {
    value = at(BYTE, (value ^ view.getUint8(place)) & 255) ^ (value >>> 8);
  }
  return (value ^ 0xffffffff) >>> 0;
}
