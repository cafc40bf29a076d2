/** Shapes and types of numbers in an HDF5 file. Source: HDF5 File Format Specification 3.0, IV.A.2.b and d. */
import { type Bytes, Refusal } from './bytes';

const MAX_RANK = 32;

export type Dataspace = { shape: readonly number[]; isNull: boolean };

const SIZES = {
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1
} as const;

export type NumberName = keyof typeof SIZES;

/** `name` is null for values that are no numbers of ours: their statistics cannot be told. */
export type DType = { name: NumberName | null; label: string; size: number; isLittleEndian: boolean };

export function readDataspace(body: Bytes, place: string): Dataspace {
  const [version, rank] = [body.u8(0, place), body.u8(1, place)];
  if ((version !== 1 && version !== 2) || rank > MAX_RANK) {
    throw new Refusal(place, `a shape of at most ${MAX_RANK} axes`, 'something else: the file is damaged');
  }
  const first = version === 1 ? 8 : 4;
  const shape = Array.from({ length: rank }, (_, axis) => body.u64(first + 8 * axis, place));
  return { shape, isNull: version === 2 && body.u8(3, place) === 2 };
}

const [FIXED, FLOAT, TEXT, OPAQUE, ENUM] = [0, 1, 3, 5, 8];

/** `kind` is what Keras notes beside values that HDF5 has no type for, such as bfloat16. */
export function readDType(body: Bytes, kind: string | null, place: string): DType {
  const family = body.u8(0, place) & 15;
  const flags = body.u8(1, place);
  const size = body.u32(4, place);
  const isLittleEndian = (flags & 1) === 0;
  switch (family) {
    case FIXED:
      return number(`${flags & 8 ? 'int' : 'uint'}${size * 8}`, size, isLittleEndian, place);
    case FLOAT:
      return number(floatName(body, size, place), size, isLittleEndian, place);
    case ENUM:
      // Of a type before it: NumPy's bool is an enumeration over one byte.
      if (size === 1) {
        return { name: 'bool', label: 'bool', size, isLittleEndian: true };
      }
      break;
    case OPAQUE:
      if (size === 2 && (kind === 'bfloat16' || kind === null)) {
        return { name: 'bfloat16', label: 'bfloat16', size, isLittleEndian: true };
      }
      if (size <= 2) {
        return { name: null, label: (kind ?? `${size} bytes`).slice(0, 40), size, isLittleEndian: true };
      }
      break;
    case TEXT:
      return { name: null, label: 'text', size, isLittleEndian: true };
  }
  throw new Refusal(place, 'numbers', 'references, nested types or text of free length');
}

/** Float16 has 5 bits of exponent, bfloat16 has 8. */
function floatName(body: Bytes, size: number, place: string): string {
  return size === 2 && body.u8(13, place) === 8 ? 'bfloat16' : `float${size * 8}`;
}

function number(name: string, size: number, isLittleEndian: boolean, place: string): DType {
  if (Object.hasOwn(SIZES, name)) {
    return { name: name as NumberName, label: name, size, isLittleEndian };
  }
  if (size >= 1 && size <= 16) {
    return { name: null, label: name, size, isLittleEndian };
  }
  throw new Refusal(place, 'numbers of at most 16 bytes', `some of ${size}`);
}
