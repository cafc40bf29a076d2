/** Where the graph's parts are, and which part of it is in view. */
import { useReactFlow, type Viewport } from '@xyflow/react';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { type Layout, layout } from './layout';
import type { VisibleGraph } from './visible';
import { sharedElk } from './worker';

/** Smaller than this the names cannot be read across a room. */
const READABLE_ZOOM = 0.72;
/** Free space around the graph. */
export const MARGIN = 18;

export type Placed = { graph: VisibleGraph; layout: Layout };

/** The last layout that is ready: it stays while the next is computed. */
export function useLayout(graph: VisibleGraph): Placed | null {
  const [placed, setPlaced] = useState<Placed | null>(null);
  useEffect(() => {
    let isCurrent = true;
    void layout(graph, sharedElk).then(found => isCurrent && setPlaced({ graph, layout: found }));
    return () => {
      isCurrent = false;
    };
  }, [graph]);
  return placed;
}

/** Moves the picture: readable from the top at first, to a node on request, all of it with `fit`. */
export function useViewport(canvas: RefObject<HTMLDivElement>, placed: Placed | null) {
  const flow = useReactFlow();
  const wanted = useRef<string | null>('');
  useEffect(() => {
    const el = canvas.current;
    if (placed === null || el === null) {
      return;
    }
    const target = wanted.current;
    wanted.current = null;
    if (target === '') {
      // The height follows from the layout in the same commit: measure after it.
      requestAnimationFrame(
        () => void flow.setViewport(firstView(placed.layout, el.clientWidth, el.clientHeight))
      );
    } else if (target !== null) {
      void flow.fitView({ nodes: [{ id: target }], maxZoom: 1, duration: 250 });
    }
  }, [canvas, placed, flow]);
  return {
    fit: () => void flow.fitView({ padding: 0.05, minZoom: 0.15, maxZoom: 1.2, duration: 200 }),
    request: (id: string) => {
      if (flow.getNode(id)) {
        void flow.fitView({ nodes: [{ id }], maxZoom: 1, duration: 250 });
      } else {
        wanted.current = id;
      }
    }
  };
}

/** All of the graph if that is readable, else its upper part, centred. */
function firstView(found: Layout, width: number, height: number): Viewport {
  const [across, down] = [
    (width - 2 * MARGIN) / Math.max(1, found.width),
    (height - 2 * MARGIN) / Math.max(1, found.height)
  ];
  const zoom = Math.min(1.1, Math.max(READABLE_ZOOM, Math.min(across, down)));
  const y = Math.max(MARGIN, (height - found.height * zoom) / 2);
  return { x: (width - found.width * zoom) / 2, y, zoom };
}
