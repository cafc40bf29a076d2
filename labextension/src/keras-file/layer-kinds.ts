/** What is known of Keras' own layers by their class: the family, the names of their variables, output shapes. */
import { FAMILY_PATTERNS } from '../tables';
import { field, type Json, textField } from './json';

/** One of the families of FAMILY_COLOURS. */
export function familyOf(className: string, module: string): string {
  if (/(^|\.)ops(\.|$)/.test(module)) {
    return 'op';
  }
  return FAMILY_PATTERNS.find(([pattern]) => pattern.test(className))?.[1] ?? 'other';
}

/** As Keras names the group of a layer in the weights file. Source: keras/src/utils/naming.py. */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

// --- variables ----------------------------------------------------------------------------------------

/** A name for the variable that lies at `place` below the layer's group, such as 'cell/vars/1'. */
export function variableName(className: string, config: Json, place: string): string {
  const parts = place.split('/');
  const index = Number(parts.at(-1));
  const part = parts.slice(0, -2).join('/');
  const name = namesFor(className, config, part)[index] ?? String(parts.at(-1));
  return part === '' ? name : `${part}/${name}`;
}

function namesFor(className: string, config: Json, part: string): readonly string[] {
  if (part.endsWith('seed_generator')) {
    return ['seed_state'];
  }
  if (part.endsWith('cell')) {
    return ['kernel', 'recurrent_kernel', 'bias'];
  }
  if (part.endsWith('_dense')) {
    return ['kernel', 'bias'];
  }
  if (part !== '') {
    return [];
  }
  if (/Normalization$/.test(className)) {
    const learned = [
      ...(field(config, 'scale') === false ? [] : ['gamma']),
      ...(field(config, 'center') === false ? [] : ['beta'])
    ];
    return className === 'BatchNormalization' ? [...learned, 'moving_mean', 'moving_variance'] : learned;
  }
  if (/^Separable/.test(className)) {
    return ['depthwise_kernel', 'pointwise_kernel', 'bias'];
  }
  if (/Dense$|Conv/.test(className)) {
    return ['kernel', 'bias'];
  }
  return className === 'Embedding' ? ['embeddings'] : className === 'PReLU' ? ['alpha'] : [];
}

/** Whether training changes this variable, if its layer is trained. */
export function isLearned(name: string): boolean {
  return !/(^|\/)(moving_mean|moving_variance|seed_state)$/.test(name);
}

/** Whether Keras counts it: states of random generators are no parameters. */
export function isParameter(name: string): boolean {
  return !name.endsWith('seed_state');
}

// --- shapes -------------------------------------------------------------------------------------------

export type Shape = readonly (number | null)[];

const SAME_SHAPE = /^(activation|norm|regularize)$/;

/** The output's shape where the file does not tell it and the class does; null where neither does. */
export function inferShape(
  className: string,
  family: string,
  config: Json,
  input: Shape | null
): Shape | null {
  const size = (key: string) => {
    const value = field(config, key);
    return typeof value === 'number' ? value : null;
  };
  if (input === null) {
    return null;
  }
  const [batch = null] = input;
  switch (className) {
    case 'Dense':
      return [...input.slice(0, -1), size('units')];
    case 'Embedding':
      return [...input, size('output_dim')];
    case 'Normalization':
      return input;
    case 'Flatten':
      return [batch, product(input.slice(1))];
    case 'LSTM':
    case 'GRU':
    case 'SimpleRNN':
      return field(config, 'return_sequences') === true
        ? [...input.slice(0, 2), size('units')]
        : [batch, size('units')];
  }
  const isChannelsLast = textField(config, 'data_format') !== 'channels_first';
  if (/^Global(Average|Max)Pooling/.test(className)) {
    return [batch, (isChannelsLast ? input.at(-1) : input[1]) ?? null];
  }
  if (/^((Depthwise|Separable)?Conv|(Average|Max)Pooling)\dD$/.test(className) && isChannelsLast) {
    const channels = input.at(-1) ?? null;
    const multiplied = channels === null ? null : channels * (size('depth_multiplier') ?? 1);
    return [batch, ...windows(config, input.slice(1, -1)), size('filters') ?? multiplied];
  }
  return SAME_SHAPE.test(family) ? input : null;
}

/** How often a window fits along each axis. */
function windows(config: Json, lengths: Shape): Shape {
  const at = (key: string, axis: number) => {
    const value = field(config, key);
    const found = Array.isArray(value) ? value[axis] : value;
    return typeof found === 'number' && found > 0 ? found : null;
  };
  return lengths.map((length, axis) => {
    const window = at('kernel_size', axis) ?? at('pool_size', axis) ?? 1;
    const reach = (at('dilation_rate', axis) ?? 1) * (window - 1);
    const stride = at('strides', axis) ?? window;
    const room = length === null ? null : textField(config, 'padding') === 'valid' ? length - reach : length;
    return room === null ? null : Math.ceil(room / stride);
  });
}

function product(lengths: Shape): number | null {
  return lengths.reduce<number | null>(
    (all, length) => (all === null || length === null ? null : all * length),
    1
  );
}

export function toShape(value: Json | undefined): Shape | null {
  const isShape =
    Array.isArray(value) &&
    value.length <= 32 &&
    value.every(item => item === null || typeof item === 'number');
  return isShape ? (value as (number | null)[]) : null;
}

/** As Python writes it: '(None, 3)', '(5,)'. */
export function shapeText(shape: readonly (number | null)[] | null): string {
  if (shape === null) {
    return '';
  }
  const items = shape.map(length => (length === null ? 'None' : String(length)));
  return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`;
}
