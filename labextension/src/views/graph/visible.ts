/** Which nodes and edges show when some groups are folded. Takes any graph, however malformed. */
import type { ModelGraph, NodeInfo } from '../../protocol';

export type VisibleNode = {
  info: NodeInfo;
  /** The open group around it, null at the top. */
  parent: string | null;
  kind: 'leaf' | 'folded' | 'open';
};

export type VisibleEdge = { id: string; source: string; target: string; labels: readonly string[] };

export type VisibleGraph = { nodes: readonly VisibleNode[]; edges: readonly VisibleEdge[] };

/** A graph whose ids are unique and whose parents are groups that come first. */
export type Hierarchy = {
  nodes: ReadonlyMap<string, NodeInfo>;
  parents: ReadonlyMap<string, string | null>;
  groups: readonly string[];
  edges: ModelGraph['edges'];
};

/** Groups start folded in graphs larger than this. */
const UNFOLDED_NODES = 60;

export function hierarchy(graph: ModelGraph): Hierarchy {
  const nodes = new Map<string, NodeInfo>();
  const parents = new Map<string, string | null>();
  for (const node of graph.nodes) {
    if (!nodes.has(node.id)) {
      nodes.set(node.id, node);
      // Groups come before their members: so there are no cycles either.
      const isInGroup =
        node.parent !== null && nodes.get(node.parent)?.is_group === true && node.parent !== node.id;
      parents.set(node.id, isInGroup ? node.parent : null);
    }
  }
  const groups = [...nodes.values()].filter(node => node.is_group).map(node => node.id);
  return { nodes, parents, groups, edges: graph.edges };
}

/** The groups that are folded at first: none in a small graph, all in a large one. */
export function initiallyFolded(graph: Hierarchy): ReadonlySet<string> {
  return new Set(graph.nodes.size > UNFOLDED_NODES ? graph.groups : []);
}

/** The groups around `id`, innermost first. */
export function ancestors(graph: Hierarchy, id: string): string[] {
  const found: string[] = [];
  for (let at = graph.parents.get(id) ?? null; at !== null; at = graph.parents.get(at) ?? null) {
    found.push(at);
  }
  return found;
}

/** The nodes that an edge leads from, and to; for a group those outside of it. */
export function neighbours(graph: Hierarchy, id: string): { inputs: string[]; outputs: string[] } {
  const isInside = (other: string) => other === id || ancestors(graph, other).includes(id);
  const ends = graph.edges.filter(edge => isInside(edge.source) !== isInside(edge.target));
  return {
    inputs: [...new Set(ends.filter(edge => isInside(edge.target)).map(edge => edge.source))],
    outputs: [...new Set(ends.filter(edge => isInside(edge.source)).map(edge => edge.target))]
  };
}

/** What stands for `id` in the picture: itself, or the outermost folded group around it. */
export function standIn(graph: Hierarchy, folded: ReadonlySet<string>, id: string): string {
  return ancestors(graph, id).findLast(group => folded.has(group)) ?? id;
}

export function visible(graph: Hierarchy, folded: ReadonlySet<string>): VisibleGraph {
  const nodes: VisibleNode[] = [];
  for (const [id, info] of graph.nodes) {
    if (standIn(graph, folded, id) === id) {
      const kind = info.is_group ? (folded.has(id) ? 'folded' : 'open') : 'leaf';
      nodes.push({ info, parent: graph.parents.get(id) ?? null, kind });
    }
  }
  return { nodes, edges: visibleEdges(graph, folded) };
}

function visibleEdges(graph: Hierarchy, folded: ReadonlySet<string>): VisibleEdge[] {
  const merged = new Map<string, { source: string; target: string; labels: Set<string> }>();
  for (const edge of graph.edges) {
    if (!graph.nodes.has(edge.source) || !graph.nodes.has(edge.target)) {
      continue;
    }
    const source = standIn(graph, folded, edge.source);
    const target = standIn(graph, folded, edge.target);
    const isInside =
      source === target ||
      ancestors(graph, source).includes(target) ||
      ancestors(graph, target).includes(source);
    if (!isInside) {
      const id = JSON.stringify([source, target]);
      const known = merged.get(id) ?? { source, target, labels: new Set<string>() };
      known.labels.add(edge.label);
      merged.set(id, known);
    }
  }
  return [...merged].map(([id, edge]) => ({ ...edge, id, labels: [...edge.labels] }));
}
