/** Where the graph's parts are, and which part of it is in view. */
import { useReactFlow, type Viewport } from '@xyflow/react';
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import { type Direction, type Layout, layout } from './layout';
import { workers } from './layout-worker';
import type { VisibleGraph } from './visible-graph';

/** Smaller than this the names cannot be read across a room. */
const READABLE_ZOOM = 0.72;
/** In a large graph a smaller zoom, or a flight over it, would draw hundreds of nodes at once. */
export const [SMALLEST_ZOOM, LARGE_ZOOM] = [0.02, 0.12];
/** Free space around the graph. */
export const MARGIN = 18;

export type Placed = { graph: VisibleGraph; layout: Layout };

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

/** Moves the picture: readable from the beginning at first, to a node on request, all of it with `fit`. */
export function useViewport(canvas: RefObject<HTMLDivElement>, placed: Placed | null, isLarge: boolean) {
  const flow = useReactFlow();
  const direction = placed?.layout.direction;
  const drawn = useRef<Direction | null>(null);
  const wanted = useRef<string | null>(null);
  const latest = useRef(placed);
  latest.current = placed;
  /** The view as it was first: while it still is, nobody has moved the picture. */
  const untouched = useRef<Viewport | null>(null);

  const begin = useCallback(
    ({ clientWidth, clientHeight }: HTMLElement) => {
      if (latest.current !== null) {
        untouched.current = firstView(latest.current.layout, clientWidth, clientHeight);
        void flow.setViewport(untouched.current);
      }
    },
    [flow]
  );

  const moveTo = useCallback(
    (id: string) => {
      const box = latest.current?.layout.boxes.get(id);
      const el = canvas.current;
      if (box === undefined || el === null) {
        return false;
      }
      const { x, y, zoom } = flow.getViewport();
      const [left, top] = [box.x * zoom + x, box.y * zoom + y];
      const isInView =
        left >= 0 &&
        top >= 0 &&
        left + box.width * zoom <= el.clientWidth &&
        top + box.height * zoom <= el.clientHeight;
      if (!isInView || zoom < READABLE_ZOOM / 2) {
        const centre = { x: box.x + box.width / 2, y: box.y + Math.min(box.height / 2, 200) };
        void flow.setCenter(centre.x, centre.y, {
          zoom: Math.max(zoom, READABLE_ZOOM),
          duration: isLarge ? 0 : 200
        });
      }
      return true;
    },
    [canvas, flow, isLarge]
  );

  useEffect(() => {
    const el = canvas.current;
    if (placed === null || el === null || direction === undefined) {
      return;
    }
    const target = wanted.current;
    wanted.current = null;
    if (drawn.current !== direction) {
      drawn.current = direction;
      // The height follows from the layout in the same commit: measure after it.
      requestAnimationFrame(() => begin(el));
    } else if (target !== null) {
      moveTo(target);
    }
  }, [canvas, placed, direction, begin, moveTo]);

  // A panel that opens beside the notebook makes its cells narrower.
  useEffect(() => {
    const el = canvas.current;
    if (el === null) {
      return;
    }
    let width = el.clientWidth;
    const observer = new ResizeObserver(() => {
      const wider = el.clientWidth - width;
      // Of no width: in a hidden tab, which comes back as it was.
      if (wider === 0 || el.clientWidth === 0) {
        return;
      }
      width = el.clientWidth;
      const view = flow.getViewport();
      if (isSame(view, untouched.current)) {
        begin(el);
      } else {
        void flow.setViewport({ ...view, x: view.x + wider / 2 });
      }
    });
    observer.observe(el);
    return () => observer.disconnect();
  }, [canvas, flow, begin]);

  return {
    fit: () =>
      void flow.fitView({
        padding: 0.05,
        minZoom: isLarge ? LARGE_ZOOM : SMALLEST_ZOOM,
        maxZoom: 1.2,
        duration: isLarge ? 0 : 200
      }),
    /** Bring a node into view, now or as soon as it is placed. */
    request: (id: string) => {
      if (!moveTo(id)) {
        wanted.current = id;
      }
    }
  };
}

function isSame(a: Viewport, b: Viewport | null): boolean {
  return b !== null && a.x === b.x && a.y === b.y && a.zoom === b.zoom;
}

/** All of the graph if that is readable, else its beginning. */
export function firstView(found: Layout, width: number, height: number): Viewport {
  const [across, down] = [
    (width - 2 * MARGIN) / Math.max(1, found.width),
    (height - 2 * MARGIN) / Math.max(1, found.height)
  ];
  const zoom = Math.min(1.1, Math.max(READABLE_ZOOM, Math.min(across, down)));
  const first = found.boxes.values().next().value ?? { x: 0, y: 0, width: 0, height: 0 };
  return {
    x: startOf(width, found.width, first.x + first.width / 2, zoom, found.direction === 'right'),
    y: startOf(height, found.height, first.y + first.height / 2, zoom, found.direction === 'down'),
    zoom
  };
}

/** Where the picture begins on one axis: centred if it fits, else at its start, or with the first node in the middle. */
function startOf(room: number, size: number, first: number, zoom: number, isFlow: boolean): number {
  if (size * zoom <= room - 2 * MARGIN) {
    return (room - size * zoom) / 2;
  }
  return isFlow ? MARGIN : Math.min(MARGIN, Math.max(room - MARGIN - size * zoom, room / 2 - first * zoom));
}
