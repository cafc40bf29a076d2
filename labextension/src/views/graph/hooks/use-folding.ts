/** Which groups are folded. */
import { useCallback, useState } from 'react';
import { ancestors, type Hierarchy, initiallyFolded } from '../visible-graph';

export type Folding = {
  folded: ReadonlySet<string>;
  setFolded: (groups: ReadonlySet<string>) => void;
  /** Fold a group, or unfold it. */
  fold: (id: string) => void;
  /** Unfold what is around a node, so that it shows. */
  unfoldAround: (id: string) => void;
};

export function useFolding(whole: Hierarchy): Folding {
  const [folded, setFolded] = useState(() => initiallyFolded(whole));
  const fold = useCallback((id: string) => setFolded(before => toggled(before, id)), []);
  const unfoldAround = (id: string) => {
    const around = new Set(ancestors(whole, id));
    setFolded(before => ([...before].some(group => around.has(group)) ? without(before, around) : before));
  };
  return { folded, setFolded, fold, unfoldAround };
}

function without(before: ReadonlySet<string>, removed: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...before].filter(id => !removed.has(id)));
}

function toggled(before: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const after = new Set(before);
  if (!after.delete(id)) {
    after.add(id);
  }
  return after;
}
