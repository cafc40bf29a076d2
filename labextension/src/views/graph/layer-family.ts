/** Kinds of layers, each with a name and a colour of its own; the engine has the same (inspect/svg_picture.py). */
import { trans } from '../shared/translation';

const COLOURS = {
  input: '#7a8594',
  dense: '#2f7fd1',
  conv: '#7c4fd0',
  pool: '#b34fc0',
  norm: '#2a9d8f',
  rnn: '#c2477f',
  attention: '#d64545',
  activation: '#e08a1e',
  merge: '#5a9e3a',
  reshape: '#9a7b4f',
  regularize: '#a39413',
  embed: '#2795b5',
  model: '#5566c8',
  op: '#7a8594',
  other: '#7a8594'
} as const;

type Family = keyof typeof COLOURS;

function known(family: string): Family {
  return Object.hasOwn(COLOURS, family) ? (family as Family) : 'other';
}

export function familyColour(family: string): string {
  return COLOURS[known(family)];
}

/** The style that gives an element, and what is in it, the colour of a family. */
export function familyStyle(family: string): React.CSSProperties {
  return { '--layerlab-family': familyColour(family) } as React.CSSProperties;
}

/** The families that occur, in the order above, with their names. */
export function familiesOf(families: Iterable<string>): { family: Family; name: string }[] {
  const present = new Set([...families].map(known));
  const names = familyNames();
  return (Object.keys(COLOURS) as Family[])
    .filter(family => present.has(family))
    .map(family => ({ family, name: names[family] }));
}

function familyNames(): Record<Family, string> {
  return {
    input: trans.__('input'),
    dense: trans.__('dense'),
    conv: trans.__('convolution'),
    pool: trans.__('pooling'),
    norm: trans.__('normalization'),
    rnn: trans.__('recurrent'),
    attention: trans.__('attention'),
    activation: trans.__('activation'),
    merge: trans.__('merging'),
    reshape: trans.__('reshaping'),
    regularize: trans.__('regularization'),
    embed: trans.__('embedding'),
    model: trans.__('model'),
    op: trans.__('operation'),
    other: trans.__('other')
  };
}
