/** What the values of a weight are like: in two passes, over at most MAX_VALUES of them. */
import type { Bytes } from './bytes';
import type { StoredArray } from './hdf5';
import type { NumberName } from './hdf5-types';

/** Larger arrays are looked at in regular steps: a tenth of a second a pass. */
const MAX_VALUES = 10_000_000;
const BINS = 24;

export type Statistics = {
  /** How many values were looked at: all, unless the array is very large. */
  examined: number;
  mean: number;
  std: number;
  min: number;
  max: number;
  zeros: number;
  /** NaN and infinite values; they are left out of everything else. */
  nonFinite: number;
  /** How many values lie in each of equal parts of [min, max]. */
  histogram: readonly number[];
};

/** Null where there are no values, or none that are numbers of ours. */
export function statistics(file: Bytes, array: StoredArray): Statistics | null {
  const { name, size, isLittleEndian } = array.dtype;
  const count = array.size / size;
  if (name === null || count === 0) {
    return null;
  }
  const read = READERS[name];
  const view = file.part(array.at, array.size, array.path).dataView();
  const step = Math.ceil(count / MAX_VALUES) * size;
  const valuesAt = (use: (value: number) => void) => {
    for (let at = 0; at < array.size; at += step) {
      use(read(view, at, isLittleEndian));
    }
  };
  return summarize(valuesAt);
}

function summarize(each: (use: (value: number) => void) => void): Statistics {
  let [examined, finite, zeros, sum] = [0, 0, 0, 0];
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  each(value => {
    examined++;
    if (Number.isFinite(value)) {
      finite++;
      sum += value;
      zeros += value === 0 ? 1 : 0;
      min = value < min ? value : min;
      max = value > max ? value : max;
    }
  });
  const nonFinite = examined - finite;
  if (finite === 0) {
    const none = Number.NaN;
    return { examined, mean: none, std: none, min: none, max: none, zeros, nonFinite, histogram: [] };
  }
  const mean = sum / finite;
  const histogram = new Array<number>(BINS).fill(0);
  const scale = max > min ? BINS / (max - min) : 0;
  let squares = 0;
  each(value => {
    if (Number.isFinite(value)) {
      squares += (value - mean) ** 2;
      const bin = Math.min(BINS - 1, Math.floor((value - min) * scale));
      histogram[bin] = (histogram[bin] ?? 0) + 1;
    }
  });
  return { examined, mean, std: Math.sqrt(squares / finite), min, max, zeros, nonFinite, histogram };
}

type Read = (view: DataView, at: number, isLittleEndian: boolean) => number;

const READERS: Record<NumberName, Read> = {
  float16: (view, at, little) => halfFloat(view.getUint16(at, little)),
  bfloat16: (view, at, little) => brainFloat(view.getUint16(at, little)),
  float32: (view, at, little) => view.getFloat32(at, little),
  float64: (view, at, little) => view.getFloat64(at, little),
  int8: (view, at) => view.getInt8(at),
  int16: (view, at, little) => view.getInt16(at, little),
  int32: (view, at, little) => view.getInt32(at, little),
  int64: (view, at, little) => Number(view.getBigInt64(at, little)),
  uint8: (view, at) => view.getUint8(at),
  uint16: (view, at, little) => view.getUint16(at, little),
  uint32: (view, at, little) => view.getUint32(at, little),
  uint64: (view, at, little) => Number(view.getBigUint64(at, little)),
  bool: (view, at) => view.getUint8(at)
};

function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) {
    return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  }
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const scratch = new DataView(new ArrayBuffer(4));

/** The upper half of a float32. */
function brainFloat(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}
