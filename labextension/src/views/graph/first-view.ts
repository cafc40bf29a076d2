/** Where the picture stands at first. */
import type { Viewport } from '@xyflow/react';
import type { Layout } from './layout';

/** Smaller than this the names cannot be read across a room. */
export const READABLE_ZOOM = 0.72;
/** Free space around the graph. */
export const MARGIN = 18;

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
