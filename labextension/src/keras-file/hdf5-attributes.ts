/** Attributes of text in an HDF5 file. Source: HDF5 File Format Specification 3.0, IV.A.2.m and III.E. */
import { type Bytes, Refusal } from './bytes';

const MAX_TEXT_BYTES = 1_000;
const [TEXT, FREE_LENGTH] = [3, 9];

/** The text of this attribute if it is the one called `name` and holds one text, else null. */
export function attributeText(file: Bytes, body: Bytes, name: string, place: string): string | null {
  const version = body.u8(0, place);
  if (version < 1 || version > 3) {
    throw new Refusal(place, 'an attribute', 'something else: the file is damaged');
  }
  const padded = (size: number) => (version === 1 ? Math.ceil(size / 8) * 8 : size);
  const sizes = [body.u16(2, place), body.u16(4, place), body.u16(6, place)] as const;
  const nameAt = version === 3 ? 9 : 8;
  const typeAt = nameAt + padded(sizes[0]);
  const valueAt = typeAt + padded(sizes[1]) + padded(sizes[2]);
  if (withoutEnd(body.text(nameAt, Math.min(sizes[0], MAX_TEXT_BYTES), place)) !== name) {
    return null;
  }
  const family = body.u8(typeAt, place) & 15;
  const isText = family === TEXT || (family === FREE_LENGTH && (body.u8(typeAt + 1, place) & 15) === 1);
  const rank = body.u8(typeAt + padded(sizes[1]) + 1, place);
  if (!isText || rank !== 0) {
    return null;
  }
  if (family === TEXT) {
    const size = Math.min(body.u32(typeAt + 4, place), MAX_TEXT_BYTES);
    return withoutEnd(body.text(valueAt, size, place));
  }
  const size = Math.min(body.u32(valueAt, place), MAX_TEXT_BYTES);
  return textOfHeap(file, body.u64(valueAt + 4, place), body.u32(valueAt + 12, place), size, place);
}

/** Text of free length lies in a collection elsewhere: a list of numbered objects, each of 8-byte steps. */
function textOfHeap(file: Bytes, at: number, index: number, size: number, place: string): string {
  if (file.text(at, 4, place) !== 'GCOL') {
    throw new Refusal(place, 'the text of an attribute', 'something else: the file is damaged');
  }
  const heap = file.part(at, file.u64(at + 8, place), place);
  for (let object = 16; object + 16 <= heap.size; ) {
    const [number, length] = [heap.u16(object, place), heap.u64(object + 8, place)];
    if (number === index) {
      return heap.text(object + 16, Math.min(size, length), place);
    }
    if (number === 0) {
      break; // the free space at the end
    }
    object += 16 + Math.ceil(length / 8) * 8;
  }
  throw new Refusal(place, 'the text of an attribute', 'nothing where it should be');
}

function withoutEnd(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
