/** A plain layered layout in linear time, for graphs that are too large for a fine one. */
import type { Box, Layout } from './layout';
import { nodeSize } from './size';
import type { VisibleGraph } from './visible';

const [COLUMN_GAP, ROW_GAP] = [24, 34];

/**
 * Each node one row below the lowest of its inputs, in a row by the average place of its inputs.
 * Open groups are left out; edges run straight.
 */
export function linearLayout(graph: VisibleGraph): Layout {
  const nodes = graph.nodes.filter(node => node.kind !== 'open').map(node => node.info);
  const inputs = inputsOf(graph, new Set(nodes.map(node => node.id)));
  const rowOf = new Map<string, number>();
  const rows: { id: string; size: { width: number; height: number } }[][] = [];
  // Nodes come in topological order, so one pass is enough; an edge backwards (malformed) is ignored.
  for (const node of nodes) {
    const row = 1 + Math.max(-1, ...(inputs.get(node.id) ?? []).map(input => rowOf.get(input) ?? -1));
    rowOf.set(node.id, row);
    rows[row] ??= [];
    rows[row].push({ id: node.id, size: nodeSize(node) });
  }
  return place(rows, inputs);
}

function inputsOf(graph: VisibleGraph, known: ReadonlySet<string>): Map<string, string[]> {
  const inputs = new Map<string, string[]>();
  for (const { source, target } of graph.edges) {
    if (known.has(source) && known.has(target)) {
      const found = inputs.get(target);
      if (found) {
        found.push(source);
      } else {
        inputs.set(target, [source]);
      }
    }
  }
  return inputs;
}

function place(
  rows: readonly { id: string; size: { width: number; height: number } }[][],
  inputs: ReadonlyMap<string, string[]>
): Layout {
  const widths = rows.map(row => row.reduce((sum, node) => sum + node.size.width + COLUMN_GAP, -COLUMN_GAP));
  const width = Math.max(0, ...widths);
  const boxes = new Map<string, Box>();
  let y = 0;
  rows.forEach((row, index) => {
    const centre = (id: string) => {
      const places = (inputs.get(id) ?? []).flatMap(input => boxes.get(input) ?? []);
      return places.reduce((sum, box) => sum + box.x + box.width / 2, 0) / Math.max(1, places.length);
    };
    const ordered = row
      .map(node => ({ ...node, centre: centre(node.id) }))
      .sort((a, b) => a.centre - b.centre);
    let x = (width - (widths[index] ?? 0)) / 2;
    for (const { id, size } of ordered) {
      boxes.set(id, { x, y, ...size });
      x += size.width + COLUMN_GAP;
    }
    y += Math.max(...row.map(node => node.size.height)) + ROW_GAP;
  });
  return { boxes, routes: new Map(), hasGroups: false, width, height: Math.max(0, y - ROW_GAP) };
}
