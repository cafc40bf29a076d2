import ELK from 'elkjs';
import { describe, expect, it, vi } from 'vitest';
import { decodeModelBundle } from '../../kernel/decode';
import type { ModelGraph, NodeInfo } from '../../protocol';
import { golden } from '../../testing/golden';
import { roundedPath } from './edges';
import { LAYERED_NODES, type Layout, layout } from './layout';
import { linearLayout } from './linear';
import { search } from './toolbar';
import { ancestors, hierarchy, initiallyFolded, standIn, visible } from './visible';

const graph = decodeModelBundle(golden('bundle.model')).graph;

function node(id: string, changes: Partial<NodeInfo> = {}): NodeInfo {
  const base = graph.nodes[0] as NodeInfo;
  return { ...base, id, name: id, parent: null, is_group: false, ...changes };
}

/** A chain of `count` nodes. */
function chain(count: number): ModelGraph {
  const nodes = Array.from({ length: count }, (_, i) => node(`n${i}`));
  const edges = nodes.slice(1).map((target, i) => ({ source: `n${i}`, target: target.id, label: '' }));
  return { nodes, edges };
}

const pairs = (edges: readonly { source: string; target: string }[]) =>
  edges.map(edge => `${edge.source} > ${edge.target}`);

describe('folding', () => {
  const whole = hierarchy(graph);

  it('shows members of open groups, with their parent', () => {
    const shown = visible(whole, new Set());
    expect(shown.nodes.map(item => [item.info.id, item.kind, item.parent])).toEqual([
      ['pixels', 'leaf', null],
      ['block', 'open', null],
      ['block/conv', 'leaf', 'block'],
      ['flatten', 'leaf', null],
      ['digit', 'leaf', null]
    ]);
  });

  it('shows a folded group as one node that has the edges of its members', () => {
    const shown = visible(whole, new Set(['block']));
    expect(shown.nodes.map(item => item.info.id)).toEqual(['pixels', 'block', 'flatten', 'digit']);
    expect(pairs(shown.edges)).toEqual(['pixels > block', 'block > flatten', 'flatten > digit']);
  });

  it('starts folded when the graph is large', () => {
    expect(initiallyFolded(whole).size).toBe(0);
    const large = hierarchy({ ...chain(80), nodes: [node('g', { is_group: true }), ...chain(80).nodes] });
    expect([...initiallyFolded(large)]).toEqual(['g']);
  });

  it('stands the outermost folded group in for what is deep inside', () => {
    const deep = hierarchy({
      nodes: [
        node('a', { is_group: true }),
        node('a/b', { is_group: true, parent: 'a' }),
        node('a/b/c', { parent: 'a/b' })
      ],
      edges: []
    });
    expect(ancestors(deep, 'a/b/c')).toEqual(['a/b', 'a']);
    expect(standIn(deep, new Set(['a', 'a/b']), 'a/b/c')).toBe('a');
  });
});

describe('a malformed graph', () => {
  it('loses duplicates, edges to nowhere and parents that are no groups', () => {
    const whole = hierarchy({
      nodes: [
        node('a'),
        node('a', { name: 'again' }),
        node('b', { parent: 'a' }),
        node('c', { parent: 'missing' })
      ],
      edges: [
        { source: 'a', target: 'nowhere', label: '' },
        { source: 'a', target: 'a', label: '' },
        { source: 'a', target: 'b', label: '' },
        { source: 'a', target: 'b', label: 'twice' }
      ]
    });
    const shown = visible(whole, new Set());
    expect(shown.nodes.map(item => [item.info.name, item.parent])).toEqual([
      ['a', null],
      ['b', null],
      ['c', null]
    ]);
    expect(pairs(shown.edges)).toEqual(['a > b']);
  });

  it('cannot make a cycle of parents', () => {
    const whole = hierarchy({
      nodes: [node('a', { is_group: true, parent: 'b' }), node('b', { is_group: true, parent: 'a' })],
      edges: []
    });
    expect(ancestors(whole, 'b')).toEqual(['a']);
    expect(ancestors(whole, 'a')).toEqual([]);
  });

  it('with a cycle of edges is laid out all the same', () => {
    const cycle: ModelGraph = {
      nodes: [node('a'), node('b')],
      edges: [
        { source: 'a', target: 'b', label: '' },
        { source: 'b', target: 'a', label: '' }
      ]
    };
    expect(linearLayout(visible(hierarchy(cycle), new Set())).boxes.size).toBe(2);
  });
});

/** No two boxes overlap, and each edge leads down. */
function expectLayers(found: Layout, edges: readonly { source: string; target: string }[]): void {
  const boxes = [...found.boxes.values()];
  for (const [i, a] of boxes.entries()) {
    for (const b of boxes.slice(i + 1)) {
      const isApart =
        a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
      expect(isApart).toBe(true);
    }
  }
  for (const { source, target } of edges) {
    expect(found.boxes.get(source)?.y).toBeLessThan(found.boxes.get(target)?.y ?? 0);
  }
}

const residual: ModelGraph = {
  nodes: ['in', 'left', 'right', 'right2', 'sum'].map(id => node(id)),
  edges: [
    ['in', 'left'],
    ['in', 'right'],
    ['right', 'right2'],
    ['left', 'sum'],
    ['right2', 'sum']
  ].map(([source, target]) => ({ source: source as string, target: target as string, label: '' }))
};

describe('layout', () => {
  it('by layers puts each node below its inputs, and routes the edges', async () => {
    const shown = visible(hierarchy(residual), new Set());
    const found = await layout(shown, () => new ELK());
    expectLayers(found, shown.edges);
    expect(found.routes.size).toBe(residual.edges.length);
  });

  it('by layers puts members inside their group', async () => {
    const shown = visible(hierarchy(graph), new Set());
    const found = await layout(shown, () => new ELK());
    const [group, member] = [found.boxes.get('block'), found.boxes.get('block/conv')];
    expect((member?.x ?? 0) + (member?.width ?? 0)).toBeLessThanOrEqual(group?.width ?? 0);
    expect((member?.y ?? 0) + (member?.height ?? 0)).toBeLessThanOrEqual(group?.height ?? 0);
  });

  it('in linear time puts each node below its inputs', () => {
    const shown = visible(hierarchy(residual), new Set());
    expectLayers(linearLayout(shown), shown.edges);
  });

  it('of a huge graph does not ask ELK', async () => {
    const shown = visible(hierarchy(chain(20_000)), new Set());
    expect(shown.nodes.length).toBeGreaterThan(LAYERED_NODES);
    const found = await layout(shown, () => {
      throw new Error('must not be asked');
    });
    expect(found.boxes.size).toBe(20_000);
  });

  it('falls back to rows when ELK fails, and says so', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const found = await layout(visible(hierarchy(residual), new Set()), () => ({
      layout: () => Promise.reject(new Error('no worker'))
    }));
    expect(found.boxes.size).toBe(5);
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });
});

it('search finds by name, class and shape, in any case', () => {
  const whole = hierarchy(graph);
  expect(search(whole, 'CONV2d')).toEqual(['block/conv']);
  expect(search(whole, 'dense 10')).toEqual(['digit']);
  expect(search(whole, ' ')).toEqual([]);
});

it('a path has round corners and ends where the edge does', () => {
  const path = roundedPath([
    { x: 0, y: 0 },
    { x: 0, y: 112 },
    { x: 56, y: 112 }
  ]);
  expect(path).toBe('M0,0 L0,105 Q0,112 7,112 L56,112');
});
