/** What keys do in the graph: along the edges, details, groups. */
import type { KeyboardEvent } from 'react';
import type { Folding } from './hooks/use-folding';
import type { NodeFocus } from './hooks/use-node-focus';
import type { Selection } from './hooks/use-selection';
import { isArrowKey, neighbour } from './keyboard';
import type { Placed } from './layout';
import type { Hierarchy } from './visible-graph';

type Parts = {
  whole: Hierarchy;
  placed: Placed | null;
  selection: Selection;
  folding: Folding;
  nodeFocus: NodeFocus;
  /** Bring a node into view. */
  show: (id: string) => void;
  closeDetails: () => void;
};

/** The handler of the keys that nodes get. */
export function graphKeys(parts: Parts): (event: KeyboardEvent) => void {
  return event => {
    const isOurs =
      event.key === 'Escape' ? leave(parts) : press(parts, event.key, parts.nodeFocus.nodeOf(event.target));
    if (isOurs) {
      // The notebook has uses of its own for these keys.
      event.preventDefault();
      event.stopPropagation();
    }
  };
}

function leave({ selection, closeDetails }: Parts): boolean {
  if (selection.isOpen) {
    closeDetails();
  } else {
    selection.select(null);
  }
  return true;
}

/** Whether the key means something in the node `id`. */
function press(
  { whole, placed, selection, folding, nodeFocus, show }: Parts,
  key: string,
  id: string | null
) {
  if (id === null || placed === null) {
    return false;
  }
  if (isArrowKey(key)) {
    const next = neighbour(placed.graph, placed.layout, id, key);
    if (next !== null) {
      selection.select(next);
      show(next);
      nodeFocus.focus(next);
    }
    return true;
  }
  if (key === 'Enter') {
    selection.open(id);
    return true;
  }
  if (key === ' ' && whole.nodes.get(id)?.is_group) {
    folding.fold(id);
    nodeFocus.focus(id);
    return true;
  }
  return false;
}
