/** Kinds of layers, each with a name and a colour of its own. */
import { FAMILY_COLOURS } from '../../tables';
import { trans } from '../shared/translation';

type Family = keyof typeof FAMILY_COLOURS;

function known(family: string): Family {
  return Object.hasOwn(FAMILY_COLOURS, family) ? (family as Family) : 'other';
}

export function familyColour(family: string): string {
  return FAMILY_COLOURS[known(family)];
}

/** The style that gives an element, and what is in it, the colour of a family. */
export function familyStyle(family: string): React.CSSProperties {
  return { '--layerlab-family': familyColour(family) } as React.CSSProperties;
}

/** The families that occur, in the order of the table, with their names. */
export function familiesOf(families: Iterable<string>): { family: Family; name: string }[] {
  const present = new Set([...families].map(known));
  const names = familyNames();
  return (Object.keys(FAMILY_COLOURS) as Family[])
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
