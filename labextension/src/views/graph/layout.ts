/** Where nodes stand and edges run: by the Eclipse Layout Kernel while that is quick, else in linear time. */
import type { ELK, ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api';
import { type Arrangement, arrange, type Box, type Direction, type Point, type Request } from './layered';
import { nodeSize } from './node-size';
import type { VisibleGraph, VisibleNode } from './visible-graph';

export type { Box, Direction, Point } from './layered';

/** All in the coordinates of the whole. */
export type Layout = {
  boxes: ReadonlyMap<string, Box>;
  routes: ReadonlyMap<string, readonly Point[]>;
  width: number;
  height: number;
  direction: Direction;
};

/** A layout, and the graph that it is of. */
export type Placed = { graph: VisibleGraph; layout: Layout };

/** Who computes: each works in a worker, so that the page does not stop meanwhile. */
export type Engines = {
  elk: () => Pick<ELK, 'layout'>;
  arrange: (request: Request) => Promise<Arrangement>;
};

/** ELK takes half a second for so many on a slow machine, and seconds for 500. */
export const LAYERED_NODES = 150;

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.edgeCoords': 'ROOT',
  'elk.layered.spacing.nodeNodeBetweenLayers': '24',
  'elk.spacing.nodeNode': '22',
  'elk.layered.spacing.edgeNodeBetweenLayers': '12',
  'elk.spacing.edgeNode': '14',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.nodePlacement.favorStraightEdges': 'true',
  // Inputs and branches stand in the order in which the model names them.
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES'
};

const ELK_DIRECTIONS = { down: 'DOWN', right: 'RIGHT' } as const;
const GROUP_OPTIONS = { 'elk.padding': '[top=38,left=14,bottom=14,right=14]' };

/** The layout of the visible graph. A failing engine is reported, and replaced by the plain one here. */
export async function layout(graph: VisibleGraph, direction: Direction, engines: Engines): Promise<Layout> {
  try {
    if (graph.nodes.length <= LAYERED_NODES) {
      return fromElk(await engines.elk().layout(toElk(graph, direction)), direction);
    }
    return fromArrangement(await engines.arrange(toRequest(graph, direction)), direction);
  } catch (error) {
    console.warn('layerlab: the layout failed in its worker, nodes are arranged in the page.', error);
    return fromArrangement(arrange(toRequest(graph, direction)), direction);
  }
}

function toRequest(graph: VisibleGraph, direction: Direction): Request {
  return {
    nodes: graph.nodes.map(({ info, parent }) => ({ id: info.id, parent, ...nodeSize(info) })),
    edges: graph.edges.map(({ id, source, target }) => ({ id, source, target })),
    direction
  };
}

function fromArrangement({ boxes, routes, width, height }: Arrangement, direction: Direction): Layout {
  return {
    boxes: new Map(boxes.map(({ id, ...box }) => [id, box])),
    routes: new Map(routes.map(({ id, points }) => [id, points])),
    width,
    height,
    direction
  };
}

/** The graph as ELK takes it, groups nested. */
export function toElk(graph: VisibleGraph, direction: Direction): ElkNode {
  const root: ElkNode = {
    id: 'root',
    layoutOptions: { ...OPTIONS, 'elk.direction': ELK_DIRECTIONS[direction] },
    children: [],
    edges: graph.edges.map(toElkEdge)
  };
  const byId = new Map<string | null, ElkNode>([[null, root]]);
  for (const node of graph.nodes) {
    const made = toElkNode(node);
    byId.set(node.info.id, made);
    byId.get(node.parent)?.children?.push(made);
  }
  return root;
}

function toElkNode(node: VisibleNode): ElkNode {
  const id = `n ${node.info.id}`;
  return node.kind === 'open'
    ? { id, children: [], layoutOptions: GROUP_OPTIONS }
    : { id, ...nodeSize(node.info) };
}

function toElkEdge(edge: VisibleGraph['edges'][number]): ElkExtendedEdge {
  return { id: `e ${edge.id}`, sources: [`n ${edge.source}`], targets: [`n ${edge.target}`] };
}

function fromElk(root: ElkNode, direction: Direction): Layout {
  const boxes = new Map<string, Box>();
  const collect = (nodes: readonly ElkNode[], origin: Point) => {
    for (const { id, x = 0, y = 0, width = 0, height = 0, children = [] } of nodes) {
      const box = { x: origin.x + x, y: origin.y + y, width, height };
      boxes.set(id.slice(2), box);
      collect(children, box);
    }
  };
  collect(root.children ?? [], { x: 0, y: 0 });
  const routes = new Map<string, Point[]>();
  for (const edge of root.edges ?? []) {
    const section = edge.sections?.[0];
    if (section) {
      routes.set(edge.id.slice(2), [section.startPoint, ...(section.bendPoints ?? []), section.endPoint]);
    }
  }
  return { boxes, routes, width: root.width ?? 0, height: root.height ?? 0, direction };
}
