/** What React Flow is given to draw: what nobody points at stays the same object, and costs nothing again. */
import { MarkerType, type NodeHandle, Position } from '@xyflow/react';
import type { RoutedEdge } from './edges';
import type { Box, Direction, Placed } from './layout';
import { type BoxNode, description } from './nodes';

const ARROW = {
  type: MarkerType.ArrowClosed,
  width: 18,
  height: 18,
  markerUnits: 'userSpaceOnUse',
  color: 'var(--layerlab-edge)'
};
/** Edges pass behind the names of groups, which let them shine through elsewhere. */
const Z = { edge: 0, frame: 1, activeEdge: 2, box: 3 } as const;

/** The nodes as they are when none is selected or found. */
export function toNodes(placed: Placed | null): readonly BoxNode[] {
  if (placed === null) {
    return [];
  }
  const { boxes, direction } = placed.layout;
  return placed.graph.nodes.flatMap(({ info, kind }): BoxNode[] => {
    const box = boxes.get(info.id);
    if (box === undefined) {
      return [];
    }
    return [
      {
        id: info.id,
        type: kind === 'open' ? 'frame' : 'box',
        position: { x: box.x, y: box.y },
        width: box.width,
        height: box.height,
        // Told, so that no node has to be drawn just to be measured: of 5,000 that would take seconds.
        measured: { width: box.width, height: box.height },
        handles: handlesOf(box, direction),
        // Each can have the focus, and keeps it until the next has it: no key goes astray in between.
        domAttributes: { tabIndex: -1 },
        ariaRole: 'group',
        ariaLabel: description(info),
        zIndex: kind === 'open' ? Z.frame : Z.box,
        data: { info, isFolded: kind === 'folded', isMatch: false }
      }
    ];
  });
}

/** Marks the selected node, what a search found, and the one stop for the Tab key: arrow keys go on from there. */
export function markNodes(
  nodes: readonly BoxNode[],
  selected: string | null,
  found: ReadonlySet<string>
): BoxNode[] {
  const stop = (nodes.find(node => node.id === selected) ?? nodes[0])?.id;
  return nodes.map(node => {
    const [isMatch, isStop] = [found.has(node.id), node.id === stop];
    return isMatch || isStop
      ? {
          ...node,
          selected: node.id === selected,
          domAttributes: { tabIndex: isStop ? 0 : -1 },
          data: { ...node.data, isMatch }
        }
      : node;
  });
}

/** Where edges leave and arrive; they follow their routes, so it only says that they can. */
function handlesOf({ width, height }: Box, direction: Direction): NodeHandle[] {
  return direction === 'down'
    ? [
        { type: 'target', position: Position.Top, x: width / 2, y: 0 },
        { type: 'source', position: Position.Bottom, x: width / 2, y: height }
      ]
    : [
        { type: 'target', position: Position.Left, x: 0, y: height / 2 },
        { type: 'source', position: Position.Right, x: width, y: height / 2 }
      ];
}

/** The edges as they are when no node is selected. */
export function toEdges(placed: Placed | null): readonly RoutedEdge[] {
  if (placed === null) {
    return [];
  }
  const { graph, layout } = placed;
  return graph.edges.map(({ id, source, target, labels }) => ({
    id,
    source,
    target,
    type: 'routed',
    markerEnd: ARROW,
    zIndex: Z.edge,
    data: { points: layout.routes.get(id) ?? null, label: labels.join(', ') }
  }));
}

/** Marks the edges of the selected node. */
export function markEdges(edges: readonly RoutedEdge[], selected: string | null): RoutedEdge[] {
  return edges.map(edge =>
    edge.source === selected || edge.target === selected
      ? { ...edge, zIndex: Z.activeEdge, selected: true }
      : edge
  );
}
