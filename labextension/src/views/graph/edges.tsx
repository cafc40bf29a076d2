/** An edge: the route that the layout found, with round corners; its shape shows while an end is selected. */
import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps } from '@xyflow/react';
import { clip } from '../shared/text';
import type { Point } from './layout';

export type RoutedEdge = Edge<{ points: readonly Point[] | null; label: string }, 'routed'>;

const RADIUS = 7;

export function EdgeView(props: EdgeProps<RoutedEdge>) {
  const { sourceX, sourceY, targetX, targetY, data, markerEnd, selected = false } = props;
  const points = data?.points ?? [
    { x: sourceX, y: sourceY },
    { x: targetX, y: targetY }
  ];
  const middle = middleOf(points);
  // Beside a line that goes down; above the boxes where it goes to the right, for there is no room between.
  const goesRight = points[0]?.y === points[1]?.y;
  const beside = goesRight ? 'translate(-50%, calc(-50% - 28px))' : 'translate(8px, -50%)';
  return (
    <>
      <BaseEdge
        path={roundedPath(points)}
        markerEnd={markerEnd}
        className={selected ? 'layerlab-edge-active' : ''}
      />
      {selected && data && data.label !== '' && (
        <EdgeLabelRenderer>
          <div
            className="layerlab-edge-label"
            style={{ transform: `${beside} translate(${middle.x}px, ${middle.y}px)` }}
          >
            {clip(data.label, 60)}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  );
}

/** An SVG path through the points, its corners cut round. */
export function roundedPath(points: readonly Point[]): string {
  const first = points[0];
  const end = points.at(-1);
  if (first === undefined || end === undefined) {
    return '';
  }
  const corners = points.slice(1, -1).map((corner, index) => {
    const before = toward(corner, points[index] as Point);
    const after = toward(corner, points[index + 2] as Point);
    return `L${before.x},${before.y} Q${corner.x},${corner.y} ${after.x},${after.y}`;
  });
  return [`M${first.x},${first.y}`, ...corners, `L${end.x},${end.y}`].join(' ');
}

/** A point on the way from `corner` to `to`, at most half of it. */
function toward(corner: Point, to: Point): Point {
  const length = Math.hypot(to.x - corner.x, to.y - corner.y);
  const part = length === 0 ? 0 : Math.min(RADIUS, length / 2) / length;
  return { x: corner.x + (to.x - corner.x) * part, y: corner.y + (to.y - corner.y) * part };
}

/** The middle of the longest stretch. */
function middleOf(points: readonly Point[]): Point {
  let best = { x: 0, y: 0, length: -1 };
  for (let i = 1; i < points.length; i++) {
    const [from, to] = [points[i - 1] as Point, points[i] as Point];
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    if (length > best.length) {
      best = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2, length };
    }
  }
  return best;
}
