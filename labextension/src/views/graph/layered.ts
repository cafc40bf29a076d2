/**
 * A layered layout of nested groups in linear time, for graphs that are too large for a fine one.
 *
 * The same as the engine's (inspect/graph_layout.py): layers by longest path, order by barycentres, places by
 * isotonic regression. A group is laid out first and then stands as one box in the level above it.
 * Without recursion over nodes, and in plain data, so that a worker can run it.
 */

export type Point = { x: number; y: number };
export type Box = Point & { width: number; height: number };
export type Direction = 'down' | 'right';

/** What is to be placed: groups before their members; an open group gets its size from them. */
export type Request = {
  nodes: readonly { id: string; parent: string | null; width: number; height: number }[];
  edges: readonly { id: string; source: string; target: string }[];
  direction: Direction;
};

/** All in the coordinates of the whole. */
export type Arrangement = {
  boxes: readonly (Box & { id: string })[];
  routes: readonly { id: string; points: readonly Point[] }[];
  width: number;
  height: number;
};

const [GAP_IN_LAYER, GAP_BETWEEN_LAYERS] = [24, 34];
/** Space inside of a group: at its sides, and for its name at the top. */
export const [PADDING, TITLE] = [14, 24];
const SWEEPS = 4;
/** Past that, long lines run straight: their bends would cost more than the boxes. */
const MOST_BENDS = 20_000;

type Size = { width: number; height: number };
type Members = { ids: string[]; edges: Map<string, [string, string]> };
type Level = { corners: Map<string, Point>; bends: Map<string, Point[]> } & Size;

export function arrange(request: Request): Arrangement {
  const isTurned = request.direction === 'right';
  const title = isTurned ? { x: TITLE, y: 0 } : { x: 0, y: TITLE };
  const extents = new Map(request.nodes.map(node => [node.id, isTurned ? turned(node) : sizeOf(node)]));
  const parents = new Map(request.nodes.map(node => [node.id, node.parent]));
  const lifted = request.edges.map(edge => ({ edge, ...lift(edge.source, edge.target, parents) }));
  const levels = levelsOf(request, lifted);
  const placed = new Map<string | null, Level>();
  for (const parent of [...request.nodes.map(node => node.id).reverse(), null]) {
    const members = levels.get(parent);
    if (members !== undefined || parent === null) {
      const level = placeLevel(members ?? { ids: [], edges: new Map() }, extents);
      placed.set(parent, level);
      if (parent !== null) {
        extents.set(parent, {
          width: level.width + 2 * PADDING + title.x,
          height: level.height + 2 * PADDING + title.y
        });
      }
    }
  }
  // Where the members of a group begin, in the whole.
  const origins = new Map<string | null, Point>([[null, { x: 0, y: 0 }]]);
  const corners = new Map<string, Point>();
  for (const { id, parent } of request.nodes) {
    const corner = placed.get(parent)?.corners.get(id) ?? { x: 0, y: 0 };
    const origin = origins.get(parent) ?? { x: 0, y: 0 };
    const inside = { x: origin.x + corner.x, y: origin.y + corner.y };
    corners.set(id, inside);
    if (levels.has(id)) {
      origins.set(id, { x: inside.x + PADDING + title.x, y: inside.y + PADDING + title.y });
    }
  }
  const turn = (point: Point): Point => (isTurned ? { x: point.y, y: point.x } : point);
  const routes = lifted.map(({ edge, level, source, target }) => {
    const origin = origins.get(level) ?? { x: 0, y: 0 };
    const bends = placed.get(level)?.bends.get(pairKey(source, target)) ?? [];
    const start = bottomOf(corners.get(edge.source), extents.get(edge.source));
    const end = topOf(corners.get(edge.target), extents.get(edge.target));
    const between = bends.map(bend => ({ x: origin.x + bend.x, y: origin.y + bend.y }));
    if (between[0] !== undefined) {
      between[0] = { x: start.x, y: between[0].y }; // past its taller neighbours
    }
    return { id: edge.id, points: [start, ...between, end].map(turn) };
  });
  const boxes = request.nodes.map(({ id }) => {
    const extent = extents.get(id) ?? { width: 0, height: 0 };
    return { id, ...turn(corners.get(id) ?? { x: 0, y: 0 }), ...(isTurned ? turned(extent) : extent) };
  });
  const whole = placed.get(null) ?? { width: 0, height: 0 };
  return { boxes, routes, ...(isTurned ? turned(whole) : sizeOf(whole)) };
}

function sizeOf({ width, height }: Size): Size {
  return { width, height };
}

function turned({ width, height }: Size): Size {
  return { width: height, height: width };
}

function bottomOf(corner: Point = { x: 0, y: 0 }, extent: Size = { width: 0, height: 0 }): Point {
  return { x: corner.x + extent.width / 2, y: corner.y + extent.height };
}

function topOf(corner: Point = { x: 0, y: 0 }, extent: Size = { width: 0, height: 0 }): Point {
  return { x: corner.x + extent.width / 2, y: corner.y };
}

// --- levels: the members of one group, and the edges between them ----------------------------------

type Lifted = { level: string | null; source: string; target: string };

function levelsOf(request: Request, lifted: readonly Lifted[]): Map<string | null, Members> {
  const levels = new Map<string | null, Members>();
  for (const { id, parent } of request.nodes) {
    const level: Members = levels.get(parent) ?? { ids: [], edges: new Map() };
    level.ids.push(id);
    levels.set(parent, level);
  }
  for (const { level, source, target } of lifted) {
    if (source !== target) {
      levels.get(level)?.edges.set(pairKey(source, target), [source, target]);
    }
  }
  return levels;
}

function pairKey(source: string, target: string): string {
  return `${source.length} ${source} ${target}`;
}

/** The innermost group that holds both ends, and its members in which the ends lie. */
function lift(source: string, target: string, parents: ReadonlyMap<string, string | null>): Lifted {
  const above = new Map<string | null, string>();
  for (let id: string | null = source; id !== null; id = parents.get(id) ?? null) {
    above.set(parents.get(id) ?? null, id);
  }
  let member = target;
  for (;;) {
    const level = parents.get(member) ?? null;
    const other = above.get(level);
    if (other !== undefined || level === null) {
      return { level, source: other ?? source, target: member };
    }
    member = level;
  }
}

function placeLevel(members: Members, extents: ReadonlyMap<string, Size>): Level {
  const { ranks, edges } = ranksOf(members);
  const extentOf = (id: string) => extents.get(id) ?? { width: 0, height: 0 };
  const rankOf = (id: string) => ranks.get(id) ?? 0;
  const grid = new Grid(Math.max(-1, ...chunkMax([...ranks.values()])) + 1);
  const index = new Map(members.ids.map(id => [id, grid.add(rankOf(id), extentOf(id).width, false)]));
  const at = (id: string) => index.get(id) ?? 0;
  const spans = edges.reduce((sum, [s, t]) => sum + rankOf(t) - rankOf(s) - 1, 0);
  const chains = edges.map(([s, t]) => grid.connect(at(s), at(t), spans <= MOST_BENDS));
  grid.order();
  const centres = grid.centres();
  const heights = grid.rows.map(() => 0);
  for (const id of members.ids) {
    heights[rankOf(id)] = Math.max(heights[rankOf(id)] ?? 0, extentOf(id).height);
  }
  const tops = [0];
  for (const height of heights) {
    tops.push((tops.at(-1) ?? 0) + height + GAP_BETWEEN_LAYERS);
  }
  let [left, right] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  centres.forEach((centre, i) => {
    left = Math.min(left, centre - grid.widthOf(i) / 2);
    right = Math.max(right, centre + grid.widthOf(i) / 2);
  });
  if (centres.length === 0) {
    [left, right] = [0, 0];
  }
  const top = (row: number) => tops[row] ?? 0;
  const bottom = (row: number) => top(row) + (heights[row] ?? 0);
  const centre = (i: number) => (centres[i] ?? 0) - left;
  const corners = new Map(
    members.ids.map(id => [id, { x: centre(at(id)) - extentOf(id).width / 2, y: top(rankOf(id)) }])
  );
  const bends = new Map(
    edges.map(([s, t], i) => {
      const points = [{ x: centre(at(s)), y: bottom(rankOf(s)) }];
      for (const bend of chains[i] ?? []) {
        const row = grid.rowOf(bend);
        points.push({ x: centre(bend), y: top(row) }, { x: centre(bend), y: bottom(row) });
      }
      return [pairKey(s, t), points];
    })
  );
  return {
    corners,
    bends,
    width: right - left,
    height: Math.max(0, (tops.at(-1) ?? 0) - GAP_BETWEEN_LAYERS)
  };
}

/** The greatest, as a list of one or none: spreading 50,000 arguments would overflow the stack. */
function chunkMax(values: readonly number[]): number[] {
  return values.length === 0 ? [] : [values.reduce((a, b) => Math.max(a, b))];
}

/** Longest path from the sources, and the edges that point down it (a cycle loses one edge). */
function ranksOf(members: Members): { ranks: Map<string, number>; edges: [string, string][] } {
  const after = new Map<string, string[]>(members.ids.map(id => [id, []]));
  const waiting = new Map<string, number>(members.ids.map(id => [id, 0]));
  const all = [...members.edges.values()];
  for (const [source, target] of all) {
    after.get(source)?.push(target);
    waiting.set(target, (waiting.get(target) ?? 0) + 1);
  }
  const ranks = new Map<string, number>();
  const least = new Map<string, number>();
  const ready = members.ids.filter(id => waiting.get(id) === 0);
  let rest = 0;
  for (let next = 0; ranks.size < members.ids.length; ) {
    let id = ready[next];
    if (id === undefined) {
      // A cycle: go on with the first node left, against one of its inputs.
      while (ranks.has(members.ids[rest] as string)) {
        rest++;
      }
      id = members.ids[rest] as string;
    } else {
      next++;
    }
    if (ranks.has(id)) {
      continue;
    }
    const rank = least.get(id) ?? 0;
    ranks.set(id, rank);
    for (const target of after.get(id) ?? []) {
      least.set(target, Math.max(least.get(target) ?? 0, rank + 1));
      const left = (waiting.get(target) ?? 0) - 1;
      waiting.set(target, left);
      if (left === 0 && !ranks.has(target)) {
        ready.push(target);
      }
    }
  }
  const fed = new Set(all.map(([, target]) => target));
  for (const id of members.ids) {
    // A second input stands right above the first layer that uses it.
    const users = after.get(id) ?? [];
    if (!fed.has(id) && users.length > 0) {
      const first = users.reduce(
        (low, user) => Math.min(low, ranks.get(user) ?? 0),
        Number.POSITIVE_INFINITY
      );
      ranks.set(id, Math.max(0, first - 1));
    }
  }
  return { ranks, edges: all.filter(([s, t]) => (ranks.get(s) ?? 0) < (ranks.get(t) ?? 0)) };
}

/** Rows of points joined by edges between neighbouring rows: first ordered, then placed. */
class Grid {
  readonly rows: number[][];
  private readonly points: {
    row: number;
    width: number;
    isBend: boolean;
    above: number[];
    below: number[];
  }[] = [];

  constructor(rows: number) {
    this.rows = Array.from({ length: rows }, () => []);
  }

  add(row: number, width: number, isBend: boolean): number {
    const i = this.points.length;
    this.points.push({ row, width, isBend, above: [], below: [] });
    this.rows[row]?.push(i);
    return i;
  }

  widthOf(i: number): number {
    return this.points[i]?.width ?? 0;
  }

  rowOf(i: number): number {
    return this.points[i]?.row ?? 0;
  }

  /** Join two points, through a bend in each row between them; returns the bends. */
  connect(source: number, target: number, mayBend: boolean): number[] {
    const [first, last] = [this.rowOf(source), this.rowOf(target)];
    if (!mayBend && last - first > 1) {
      return [];
    }
    const chain: number[] = [];
    for (let row = first + 1; row < last; row++) {
      chain.push(this.add(row, 4, true));
    }
    const way = [source, ...chain, target];
    for (let i = 1; i < way.length; i++) {
      const [upper, lower] = [way[i - 1] as number, way[i] as number];
      this.points[upper]?.below.push(lower);
      this.points[lower]?.above.push(upper);
    }
    return chain;
  }

  /** Sort each row by the mean place of its neighbours, downwards and upwards in turn. */
  order(): void {
    const place = new Float64Array(this.points.length);
    const settle = (row: readonly number[]) => {
      row.forEach((i, position) => {
        place[i] = position;
      });
    };
    this.rows.forEach(settle);
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      const isDown = sweep % 2 === 0;
      for (const row of isDown ? this.rows : [...this.rows].reverse()) {
        const keys = new Map(
          row.map(i => {
            const point = this.points[i];
            const near = (isDown ? point?.above : point?.below) ?? [];
            return [i, mean(near, place, place[i] ?? 0)];
          })
        );
        row.sort((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0));
        settle(row);
      }
    }
  }

  /** Each point as near to its neighbours as the order and the gaps allow. */
  centres(): Float64Array {
    const centre = new Float64Array(this.points.length);
    for (const row of this.rows) {
      this.settle(
        row,
        centre,
        row.map(() => 0)
      );
    }
    for (let sweep = 0; sweep <= 2 * SWEEPS; sweep++) {
      const isDown = sweep % 2 === 0;
      for (const row of isDown ? this.rows : [...this.rows].reverse()) {
        const wanted = row.map(i => this.wish(i, isDown, sweep === 2 * SWEEPS, centre));
        this.settle(row, centre, wanted);
      }
    }
    return centre;
  }

  private wish(i: number, isDown: boolean, isLast: boolean, centre: Float64Array): number {
    const point = this.points[i];
    if (point === undefined) {
      return 0;
    }
    const near = isLast ? [...point.above, ...point.below] : isDown ? point.above : point.below;
    // Boxes draw boxes, so that the main path of a residual network runs straight.
    const boxes = point.isBend ? [] : near.filter(n => this.points[n]?.isBend === false);
    return mean(boxes.length > 0 ? boxes : near, centre, centre[i] ?? 0);
  }

  /**
   * Least-squares places at least a gap apart: pool adjacent violators.
   * Source: Barlow, Bartholomew, Bremner, Brunk 1972, "Statistical inference under order restrictions".
   */
  private settle(row: readonly number[], centre: Float64Array, wanted: readonly number[]): void {
    const offsets: number[] = [];
    row.forEach((i, position) => {
      const before = row[position - 1];
      const gap = before === undefined ? 0 : (this.widthOf(before) + this.widthOf(i)) / 2 + GAP_IN_LAYER;
      offsets.push((offsets.at(-1) ?? 0) + gap);
    });
    const pools: { total: number; weight: number; members: number }[] = [];
    row.forEach((i, position) => {
      const weight = this.points[i]?.isBend ? 4 : 1; // a straight long line matters more than a centred box
      const pool = {
        total: weight * ((wanted[position] ?? 0) - (offsets[position] ?? 0)),
        weight,
        members: 1
      };
      for (let last = pools.at(-1); last && last.total / last.weight >= pool.total / pool.weight; ) {
        pools.pop();
        pool.total += last.total;
        pool.weight += last.weight;
        pool.members += last.members;
        last = pools.at(-1);
      }
      pools.push(pool);
    });
    let position = 0;
    for (const { total, weight, members } of pools) {
      for (const end = position + members; position < end; position++) {
        centre[row[position] as number] = total / weight + (offsets[position] ?? 0);
      }
    }
  }
}

function mean(ids: readonly number[], values: Float64Array, otherwise: number): number {
  if (ids.length === 0) {
    return otherwise;
  }
  let sum = 0;
  for (const id of ids) {
    sum += values[id] ?? 0;
  }
  return sum / ids.length;
}
