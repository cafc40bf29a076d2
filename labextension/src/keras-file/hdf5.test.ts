import { describe, expect, it } from 'vitest';
import expected from '../../../tests/model_files/expected.json';
import { asBytes, fileBytes, fileNames } from '../testing/files';
import { Refusal } from './bytes';
import { readWeights } from './hdf5';
import { statistics } from './statistics';

const LABEL = 'model.weights.h5';
const whole = fileBytes('keras.weights.h5');

describe('a weights file', () => {
  const bytes = asBytes(whole);
  const file = readWeights(bytes, LABEL);
  const arrays = file.arrays.filter(array => !array.path.startsWith('optimizer/'));

  it('has the arrays that h5py finds', () => {
    const found = Object.fromEntries(arrays.map(array => [array.path, array.shape]));
    const wanted = Object.entries(expected.keras.weights).map(([path, { shape }]) => [path, shape]);
    expect(found).toEqual(Object.fromEntries(wanted));
  });

  it('names its layers', () => {
    expect(file.names.get('layers/conv2d/vars')).toBe('stem');
    expect(file.names.get('layers/sequential/layers/conv2d/vars')).toBe('conv');
  });

  it('has the statistics that NumPy computes', () => {
    for (const array of arrays.filter(item => item.dtype.label === 'float32')) {
      const wanted = expected.keras.weights[array.path as keyof typeof expected.keras.weights];
      const found = statistics(bytes, array);
      expect(found?.mean).toBeCloseTo(wanted.mean, 6);
      expect(found?.std).toBeCloseTo(wanted.std, 6);
      expect([found?.min, found?.max, found?.zeros]).toEqual([wanted.min, wanted.max, wanted.zeros]);
      if (wanted.histogram !== null) {
        expect(found?.histogram).toEqual(wanted.histogram);
      }
    }
  });
});

describe('refused', () => {
  it.each([
    ['soft-link', 'model.weights.h5, layers/dense/vars/1', 'a link to another place'],
    ['external-link', 'layers/dense/vars', 'a group of another kind, as those with links to other files are'],
    ['external-storage', 'vars/0', 'an array whose values are in another file'],
    ['virtual', 'vars/0', 'values lie elsewhere'],
    ['compressed', 'vars/0', 'a compressed or filtered array'],
    ['unwritten', 'expected 2147483648 bytes, as its shape says', 'found 0 in the file'],
    ['hard-link-to-itself', 'layers/again', 'also in another place'],
    ['same-array-twice', 'model.weights.h5, b', 'also in another place'],
    ['references', 'vars/0', 'references'],
    ['free-text', 'vars/0', 'text of free length']
  ])('is a file with: %s', (name, place, found) => {
    const read = () => readWeights(asBytes(fileBytes(`${name}.hostile.h5`)), LABEL);
    expect(read).toThrow(Refusal);
    expect(read).toThrow(found);
    expect(read).toThrow(place);
  });

  it('are all files that h5py made for this', () => {
    expect(fileNames('.hostile.h5')).toHaveLength(10);
  });

  it('is what is cut off or no HDF5 file', () => {
    expect(() => readWeights(asBytes(new TextEncoder().encode('{}')), LABEL)).toThrow(
      'expected an HDF5 file'
    );
    for (let size = 0; size < whole.length; size += 997) {
      expect(() => readWeights(asBytes(whole.slice(0, size)), LABEL)).toThrow(Refusal);
    }
  });

  it('is a damaged file, or read like another: never anything else, and at once', () => {
    const random = generator(7);
    const begin = performance.now();
    let refused = 0;
    for (let trial = 0; trial < 1_500; trial++) {
      const damaged = whole.slice();
      for (let change = 0; change <= trial % 4; change++) {
        damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256);
      }
      try {
        readWeights(asBytes(damaged), LABEL);
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(50);
    expect(performance.now() - begin).toBeLessThan(30_000);
  });
});

/** Numbers from 0 to 1, the same each time. Source: Park and Miller 1988. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
