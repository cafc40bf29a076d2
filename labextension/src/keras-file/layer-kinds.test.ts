import { expect, it } from 'vitest';
import { FAMILY_COLOURS } from '../tables';
import { familyOf, inferShape } from './layer-kinds';

it.each([
  ['Dense', 'dense'],
  ['SeparableConv2D', 'conv'],
  ['RMSNormalization', 'norm'],
  ['Normalization', 'other'],
  ['SpectralNormalization', 'other'],
  ['Concatenate', 'merge'],
  ['MyAttention', 'attention'],
  ['toString', 'other'],
  ['', 'other']
])('the family of %s is %s, as the engine says of a live one', (className, family) => {
  expect(familyOf(className, 'keras.layers')).toBe(family);
  expect(FAMILY_COLOURS).toHaveProperty(family);
});

it('tells operations by their module', () => {
  expect(familyOf('Add', 'keras.src.ops.numpy')).toBe('op');
});

it('leaves the shape of what is normalized, but knows nothing of what a wrapper holds', () => {
  const shape = (className: string) => inferShape(className, familyOf(className, ''), {}, [null, 3]);
  expect(shape('Normalization')).toEqual([null, 3]);
  expect(shape('LayerNormalization')).toEqual([null, 3]);
  expect(shape('SpectralNormalization')).toBeNull();
});
