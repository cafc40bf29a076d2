/** Which nodes and edges show when some groups are folded. Takes any graph, however malformed. */
import type { ModelGraph, NodeInfo } from '../../protocol';
import { groupsFor } from './grouping';

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
  /** Groups that are not in the model: we made them where a level has too many members. */
  made: ReadonlySet<string>;
  edges: ModelGraph['edges'];
};

/** At first as many levels of groups are unfolded as this many nodes allow. */
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
  const levels = nodes.size > UNFOLDED_NODES ? levelsOf(nodes, parents) : new Map();
  const { made, parentOf } = groupsFor(levels, graph.edges, parents);
  for (const group of made) {
    nodes.set(group.id, group);
    parents.set(group.id, group.parent);
  }
  for (const [id, parent] of parentOf) {
    parents.set(id, parent);
  }
  const ordered = made.length === 0 ? nodes : groupsFirst(nodes, parents);
  return {
    nodes: ordered,
    parents,
    groups: [...ordered.values()].filter(node => node.is_group).map(node => node.id),
    made: new Set(made.map(group => group.id)),
    edges: graph.edges
  };
}

function levelsOf(
  nodes: ReadonlyMap<string, NodeInfo>,
  parents: ReadonlyMap<string, string | null>
): Map<string | null, NodeInfo[]> {
  const levels = new Map<string | null, NodeInfo[]>();
  for (const [id, node] of nodes) {
    const parent = parents.get(id) ?? null;
    const level = levels.get(parent);
    if (level) {
      level.push(node);
    } else {
      levels.set(parent, [node]);
    }
  }
  return levels;
}

/** The nodes with each group right before its members, otherwise in their order. */
function groupsFirst(
  nodes: ReadonlyMap<string, NodeInfo>,
  parents: ReadonlyMap<string, string | null>
): Map<string, NodeInfo> {
  const ordered = new Map<string, NodeInfo>();
  for (const [id, node] of nodes) {
    const missing: NodeInfo[] = [];
    for (let at = parents.get(id) ?? null; at !== null && !ordered.has(at); at = parents.get(at) ?? null) {
      missing.push(nodes.get(at) as NodeInfo);
    }
    for (const group of missing.reverse()) {
      ordered.set(group.id, group);
    }
    ordered.set(id, node);
  }
  return ordered;
}

/** The groups that are folded at first: none in a small graph, in a large one those of its deeper levels. */
export function initiallyFolded(graph: Hierarchy): ReadonlySet<string> {
  if (graph.nodes.size <= UNFOLDED_NODES) {
    return new Set();
  }
  const depths = new Map([...graph.nodes.keys()].map(id => [id, ancestors(graph, id).length]));
  const counts: number[] = [];
  for (const depth of depths.values()) {
    counts[depth] = (counts[depth] ?? 0) + 1;
  }
  let [open, seen] = [0, counts[0] ?? 0];
  while (counts[open + 1] !== undefined && seen + (counts[open + 1] ?? 0) <= UNFOLDED_NODES) {
    open++;
    seen += counts[open] ?? 0;
  }
  return new Set(graph.groups.filter(id => (depths.get(id) ?? 0) >= open));
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
