/** Kinds of layers, each with a colour of its own (style/graph.css). */

const FAMILIES = {
  input: 'input',
  dense: 'dense',
  conv: 'convolution',
  pool: 'pooling',
  norm: 'normalization',
  rnn: 'recurrent',
  attention: 'attention',
  activation: 'activation',
  merge: 'merging',
  reshape: 'reshaping',
  regularize: 'regularization',
  embed: 'embedding',
  model: 'model',
  op: 'operation',
  other: 'other'
} as const;

type Family = keyof typeof FAMILIES;

function known(family: string): Family {
  return Object.hasOwn(FAMILIES, family) ? (family as Family) : 'other';
}

export function familyClass(family: string): string {
  return `layerlab-family-${known(family)}`;
}

/** The families that occur, in the order above, with their names. */
export function familiesOf(families: Iterable<string>): { family: Family; name: string }[] {
  const present = new Set([...families].map(known));
  return (Object.keys(FAMILIES) as Family[])
    .filter(family => present.has(family))
    .map(family => ({ family, name: FAMILIES[family] }));
}
