/** The nodes and edges as React Flow draws them: what a selection or a search does not touch stays the same. */
import { useMemo } from 'react';
import { markEdges, markNodes, toEdges, toNodes } from '../flow-nodes';
import type { Placed } from '../layout';

export function useElements(placed: Placed | null, selected: string | null, marked: ReadonlySet<string>) {
  const plainNodes = useMemo(() => toNodes(placed), [placed]);
  const plainEdges = useMemo(() => toEdges(placed), [placed]);
  const nodes = useMemo(() => markNodes(plainNodes, selected, marked), [plainNodes, selected, marked]);
  const edges = useMemo(() => markEdges(plainEdges, selected), [plainEdges, selected]);
  return { nodes, edges };
}
