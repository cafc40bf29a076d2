/** Where the arrow keys lead: along the edges, and to what stands beside. */
import type { Box, Layout } from './layout';
import type { VisibleGraph } from './visible-graph';

export type ArrowKey = 'ArrowDown' | 'ArrowUp' | 'ArrowLeft' | 'ArrowRight';

export function isArrowKey(key: string): key is ArrowKey {
  return key === 'ArrowDown' || key === 'ArrowUp' || key === 'ArrowLeft' || key === 'ArrowRight';
}

const MEANINGS = {
  down: { ArrowDown: 'forward', ArrowUp: 'back', ArrowLeft: 'before', ArrowRight: 'after' },
  right: { ArrowRight: 'forward', ArrowLeft: 'back', ArrowUp: 'before', ArrowDown: 'after' }
} as const;

/** The node to go to from `id`; null if there is none that way. */
export function neighbour(graph: VisibleGraph, layout: Layout, id: string, key: ArrowKey): string | null {
  const meaning = MEANINGS[layout.direction][key];
  const isDown = layout.direction === 'down';
  const from = layout.boxes.get(id);
  if (from === undefined) {
    return null;
  }
  if (meaning === 'forward' || meaning === 'back') {
    const kind = graph.nodes.find(node => node.info.id === id)?.kind;
    if (kind === 'open') {
      const members = graph.nodes.filter(node => node.parent === id).map(node => node.info.id);
      return (meaning === 'forward' ? members[0] : graph.nodes.find(n => n.info.id === id)?.parent) ?? null;
    }
    const ends = graph.edges.flatMap(edge =>
      meaning === 'forward' ? (edge.source === id ? edge.target : []) : edge.target === id ? edge.source : []
    );
    return nearest(ends, from, layout);
  }
  // Beside: what overlaps along the flow, on that side.
  const [start, end] = isDown ? [from.y, from.y + from.height] : [from.x, from.x + from.width];
  const beside = graph.nodes.flatMap(node => {
    const box = layout.boxes.get(node.info.id);
    if (box === undefined || node.kind === 'open' || node.info.id === id) {
      return [];
    }
    const [low, high] = isDown ? [box.y, box.y + box.height] : [box.x, box.x + box.width];
    const away = isDown ? middle(box).x - middle(from).x : middle(box).y - middle(from).y;
    return low < end && high > start && (meaning === 'after' ? away > 0 : away < 0) ? [node.info.id] : [];
  });
  return nearest(beside, from, layout);
}

function nearest(ids: readonly string[], from: Box, layout: Layout): string | null {
  const distance = (id: string) => {
    const box = layout.boxes.get(id);
    return box === undefined
      ? Number.POSITIVE_INFINITY
      : Math.hypot(middle(box).x - middle(from).x, middle(box).y - middle(from).y);
  };
  return ids.reduce<string | null>(
    (best, id) => (best === null || distance(id) < distance(best) ? id : best),
    null
  );
}

function middle(box: Box): { x: number; y: number } {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
