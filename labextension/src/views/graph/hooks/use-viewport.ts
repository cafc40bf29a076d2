/** Which part of the graph is in view. */
import { useReactFlow, type Viewport } from '@xyflow/react';
import { type RefObject, useCallback, useEffect, useRef } from 'react';
import { firstView, READABLE_ZOOM } from '../first-view';
import type { Box, Direction, Placed } from '../layout';

/** In a large graph a smaller zoom, or a flight over it, would draw hundreds of nodes at once. */
export const [SMALLEST_ZOOM, LARGE_ZOOM] = [0.02, 0.12];

type Canvas = RefObject<HTMLDivElement>;

/** Moves the picture: readable from the beginning at first, to a node on request, all of it with `fit`. */
export function useViewport(canvas: Canvas, placed: Placed | null, isLarge: boolean) {
  const flow = useReactFlow();
  const latest = useRef(placed);
  latest.current = placed;
  const flight = isLarge ? 0 : 200;
  const { begin, isUntouched } = useFirstView(latest);
  const moveTo = useMoveTo(canvas, latest, flight);
  const request = useRequests(canvas, placed, begin, moveTo);
  useWidth(canvas, begin, isUntouched);
  const minZoom = isLarge ? LARGE_ZOOM : SMALLEST_ZOOM;
  return {
    minZoom,
    fit: () => void flow.fitView({ padding: 0.05, minZoom, maxZoom: 1.2, duration: flight }),
    request
  };
}

/** How the picture begins, and whether it is still there: then nobody has moved it. */
function useFirstView(latest: RefObject<Placed | null>) {
  const flow = useReactFlow();
  const first = useRef<Viewport | null>(null);
  const begin = useCallback(
    ({ clientWidth, clientHeight }: HTMLElement) => {
      if (latest.current !== null) {
        first.current = firstView(latest.current.layout, clientWidth, clientHeight);
        void flow.setViewport(first.current);
      }
    },
    [flow, latest]
  );
  const isUntouched = useCallback(() => isSame(flow.getViewport(), first.current), [flow]);
  return { begin, isUntouched };
}

/** Brings a node into view, at a readable size; false if it is not placed. */
function useMoveTo(canvas: Canvas, latest: RefObject<Placed | null>, flight: number) {
  const flow = useReactFlow();
  return useCallback(
    (id: string) => {
      const box = latest.current?.layout.boxes.get(id);
      const el = canvas.current;
      if (box === undefined || el === null) {
        return false;
      }
      const view = flow.getViewport();
      if (!isInside(box, view, el) || view.zoom < READABLE_ZOOM / 2) {
        const centre = { x: box.x + box.width / 2, y: box.y + Math.min(box.height / 2, 200) };
        const zoom = Math.max(view.zoom, READABLE_ZOOM);
        void flow.setCenter(centre.x, centre.y, { zoom, duration: flight });
      }
      return true;
    },
    [canvas, flow, latest, flight]
  );
}

/** Begins when the graph is placed, or lies in another direction. Returns how to bring a node into view, now or then. */
function useRequests(
  canvas: Canvas,
  placed: Placed | null,
  begin: (el: HTMLElement) => void,
  moveTo: (id: string) => boolean
) {
  const direction = placed?.layout.direction;
  const drawn = useRef<Direction | null>(null);
  const wanted = useRef<string | null>(null);
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
  return (id: string) => {
    if (!moveTo(id)) {
      wanted.current = id;
    }
  };
}

/** Keeps the middle in the middle: a panel that opens beside the notebook makes its cells narrower. */
function useWidth(canvas: Canvas, begin: (el: HTMLElement) => void, isUntouched: () => boolean) {
  const flow = useReactFlow();
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
      if (isUntouched()) {
        begin(el);
      } else {
        const view = flow.getViewport();
        void flow.setViewport({ ...view, x: view.x + wider / 2 });
      }
    });
    observer.observe(el);
    return () => observer.disconnect();
  }, [canvas, flow, begin, isUntouched]);
}

function isInside(box: Box, { x, y, zoom }: Viewport, el: HTMLElement): boolean {
  const [left, top] = [box.x * zoom + x, box.y * zoom + y];
  return (
    left >= 0 &&
    top >= 0 &&
    left + box.width * zoom <= el.clientWidth &&
    top + box.height * zoom <= el.clientHeight
  );
}

function isSame(a: Viewport, b: Viewport | null): boolean {
  return b !== null && a.x === b.x && a.y === b.y && a.zoom === b.zoom;
}
