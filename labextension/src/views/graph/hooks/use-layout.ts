/** Where the graph's parts are. */
import { useEffect, useState } from 'react';
import { type Direction, layout, type Placed } from '../layout';
import { workers } from '../layout-worker';
import type { VisibleGraph } from '../visible-graph';

/** The last layout that is ready: it stays while the next is computed. */
export function useLayout(graph: VisibleGraph, direction: Direction): Placed | null {
  const [placed, setPlaced] = useState<Placed | null>(null);
  useEffect(() => {
    let isCurrent = true;
    void layout(graph, direction, workers).then(found => isCurrent && setPlaced({ graph, layout: found }));
    return () => {
      isCurrent = false;
    };
  }, [graph, direction]);
  return placed;
}
