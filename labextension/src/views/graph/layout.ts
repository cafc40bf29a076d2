/** Where nodes stand and edges run: layered, top-down, by the Eclipse Layout Kernel in a worker. */
import type { ELK, ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api';
import { linearLayout } from './linear';
import { nodeSize } from './size';
import type { VisibleGraph, VisibleNode } from './visible';

export type Point = { x: number; y: number };
export type Box = Point & { width: number; height: number };

export type Layout = {
  /** Within the open group around the node, if groups are drawn. */
  boxes: ReadonlyMap<string, Box>;
  /** In the coordinates of the whole; edges without one run straight. */
  routes: ReadonlyMap<string, readonly Point[]>;
  /** Whether open groups are drawn as boxes around their members. */
  hasGroups: boolean;
  width: number;
  height: number;
};

/** Beyond this the layered layout takes seconds. */
export const LAYERED_NODES = 500;

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
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

const GROUP_OPTIONS = { 'elk.padding': '[top=38,left=14,bottom=14,right=14]' };

/** The layout of the visible graph: layered while that is quick, else (or if it fails) in linear time. */
export async function layout(graph: VisibleGraph, elk: () => Pick<ELK, 'layout'>): Promise<Layout> {
  if (graph.nodes.length > LAYERED_NODES) {
    return linearLayout(graph);
  }
  try {
    return fromElk(await elk().layout(toElk(graph)));
  } catch (error) {
    console.warn('layerlab: the layered layout failed, nodes stand in plain rows.', error);
    return linearLayout(graph);
  }
}

/** The graph as ELK takes it, groups nested. */
export function toElk(graph: VisibleGraph): ElkNode {
  const root: ElkNode = {
    id: 'root',
    layoutOptions: OPTIONS,
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

function fromElk(root: ElkNode): Layout {
  const boxes = new Map<string, Box>();
  const collect = (nodes: readonly ElkNode[]) => {
    for (const { id, x = 0, y = 0, width = 0, height = 0, children = [] } of nodes) {
      boxes.set(id.slice(2), { x, y, width, height });
      collect(children);
    }
  };
  collect(root.children ?? []);
  const routes = new Map<string, Point[]>();
  for (const edge of root.edges ?? []) {
    const section = edge.sections?.[0];
    if (section) {
      routes.set(edge.id.slice(2), [section.startPoint, ...(section.bendPoints ?? []), section.endPoint]);
    }
  }
  return { boxes, routes, hasGroups: true, width: root.width ?? 0, height: root.height ?? 0 };
}
