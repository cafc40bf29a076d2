import ELK from 'elkjs';
import { describe, expect, it, vi } from 'vitest';
import { decodeRecord } from '../../kernel/decode';
import type { ModelGraph, NodeInfo } from '../../protocol';
import { golden } from '../../testing/golden';
import { roundedPath } from './edges';
import { arrange, type Request } from './layered';
import { type Direction, type Engines, LAYERED_NODES, type Layout, layout } from './layout';
import { nodeSize } from './node-size';
import { search } from './toolbar';
import {
  ancestors,
  hierarchy,
  initiallyFolded,
  neighbours,
  standIn,
  type VisibleGraph,
  visible
} from './visible-graph';

const graph = decodeRecord('ModelBundle', golden('bundle.model')).graph;

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

const requestOf = (graph: VisibleGraph, direction: Direction = 'down'): Request => ({
  nodes: graph.nodes.map(({ info, parent }) => ({ id: info.id, parent, ...nodeSize(info) })),
  edges: graph.edges,
  direction
});

/** What works in the page in place of workers. */
const here: Engines = { elk: () => new ELK(), arrange: async request => arrange(request) };

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
    expect(initiallyFolded(large).has('g')).toBe(true);
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
    expect(arrange(requestOf(visible(hierarchy(cycle), new Set()))).boxes).toHaveLength(2);
  });
});

/** No two boxes overlap that are not one in the other, and each edge leads on. */
function expectLayers(found: Layout, shown: VisibleGraph): void {
  const open = new Set(shown.nodes.filter(item => item.kind === 'open').map(item => item.info.id));
  const boxes = [...found.boxes].filter(([id]) => !open.has(id)).map(([, box]) => box);
  for (const [i, a] of boxes.entries()) {
    for (const b of boxes.slice(i + 1)) {
      const isApart =
        a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
      expect(isApart).toBe(true);
    }
  }
  const along = (id: string) => found.boxes.get(id)?.[found.direction === 'down' ? 'y' : 'x'] ?? Number.NaN;
  for (const { source, target } of shown.edges) {
    expect(along(source)).toBeLessThan(along(target));
  }
  for (const { info, parent } of shown.nodes) {
    const [inner, outer] = [found.boxes.get(info.id), found.boxes.get(parent ?? '')];
    if (inner && outer) {
      expect(inner.x).toBeGreaterThanOrEqual(outer.x);
      expect(inner.y).toBeGreaterThanOrEqual(outer.y + 30);
      expect(inner.x + inner.width).toBeLessThanOrEqual(outer.x + outer.width);
      expect(inner.y + inner.height).toBeLessThanOrEqual(outer.y + outer.height);
    }
  }
}

const edge = (source: string, target: string) => ({ source, target, label: '' });

const residual: ModelGraph = {
  nodes: ['in', 'left', 'right', 'right2', 'sum'].map(id => node(id)),
  edges: [
    edge('in', 'left'),
    edge('in', 'right'),
    edge('right', 'right2'),
    edge('left', 'sum'),
    edge('right2', 'sum')
  ]
};

/** Two groups, one in the other, and an edge that passes both by. */
const nested: ModelGraph = {
  nodes: [
    node('in'),
    node('outer', { is_group: true }),
    node('outer/a', { parent: 'outer' }),
    node('outer/inner', { is_group: true, parent: 'outer' }),
    node('outer/inner/b', { parent: 'outer/inner' }),
    node('outer/inner/c', { parent: 'outer/inner' }),
    node('sum')
  ],
  edges: [
    edge('in', 'outer/a'),
    edge('outer/a', 'outer/inner/b'),
    edge('outer/inner/b', 'outer/inner/c'),
    edge('outer/inner/c', 'sum'),
    edge('in', 'sum')
  ]
};

describe('layout', () => {
  describe.each(['down', 'right'] as const)('%s', direction => {
    it.each([
      ['residual', residual],
      ['nested', nested],
      ['golden', graph]
    ])('by ELK: %s', async (_, model) => {
      const shown = visible(hierarchy(model), new Set());
      const found = await layout(shown, direction, here);
      expectLayers(found, shown);
      expect(found.routes.size).toBe(shown.edges.length);
    });

    it.each([
      ['residual', residual],
      ['nested', nested],
      ['golden', graph]
    ])('in linear time: %s', (_, model) => {
      const shown = visible(hierarchy(model), new Set());
      const { boxes, routes, ...size } = arrange(requestOf(shown, direction));
      const byId = new Map(boxes.map(({ id, ...box }) => [id, box]));
      expectLayers({ boxes: byId, routes: new Map(), ...size, direction }, shown);
      for (const { id, points } of routes) {
        const { source, target } = shown.edges.find(item => item.id === id) ?? { source: '', target: '' };
        const [start, end] = [byId.get(source), byId.get(target)];
        const isDown = direction === 'down';
        expect(points[0]).toEqual(
          isDown
            ? { x: (start?.x ?? 0) + (start?.width ?? 0) / 2, y: (start?.y ?? 0) + (start?.height ?? 0) }
            : { x: (start?.x ?? 0) + (start?.width ?? 0), y: (start?.y ?? 0) + (start?.height ?? 0) / 2 }
        );
        expect(points.at(-1)?.[isDown ? 'y' : 'x']).toBe(end?.[isDown ? 'y' : 'x']);
      }
    });
  });

  it('in linear time goes around what stands in between', () => {
    const shown = visible(hierarchy(nested), new Set());
    const { boxes, routes } = arrange(requestOf(shown));
    const group = boxes.find(box => box.id === 'outer');
    const { id } = shown.edges.find(item => item.source === 'in' && item.target === 'sum') ?? { id: '' };
    const bypass = routes.find(route => route.id === id);
    const passing = bypass?.points.filter(
      point => point.y > (group?.y ?? 0) && point.y < (group?.y ?? 0) + (group?.height ?? 0)
    );
    for (const point of passing ?? []) {
      const isInside = point.x > (group?.x ?? 0) && point.x < (group?.x ?? 0) + (group?.width ?? 0);
      expect(isInside).toBe(false);
    }
    expect(bypass).toBeDefined();
  });

  it('of a huge graph does not ask ELK, and takes time in proportion', async () => {
    const shown = visible(hierarchy(chain(20_000)), new Set());
    expect(shown.nodes.length).toBeGreaterThan(LAYERED_NODES);
    const elk = () => {
      throw new Error('must not be asked');
    };
    const start = performance.now();
    const found = await layout(shown, 'down', { ...here, elk });
    expect(performance.now() - start).toBeLessThan(4_000);
    expect(found.boxes.size).toBe(shown.nodes.length);
  });

  it('goes on in the page when a worker fails, and says so', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const failing: Engines = {
      elk: () => ({ layout: () => Promise.reject(new Error('no worker')) }),
      arrange: () => Promise.reject(new Error('no worker'))
    };
    const found = await layout(visible(hierarchy(residual), new Set()), 'down', failing);
    expect(found.boxes.size).toBe(5);
    const large = visible(hierarchy(chain(600)), new Set());
    expect((await layout(large, 'down', failing)).boxes.size).toBe(large.nodes.length);
    expect(warn).toHaveBeenCalledTimes(2);
    warn.mockRestore();
  });
});

it('the neighbours of a group are those outside of it', () => {
  const whole = hierarchy(nested);
  expect(neighbours(whole, 'outer')).toEqual({ inputs: ['in'], outputs: ['sum'] });
  expect(neighbours(whole, 'outer/inner')).toEqual({ inputs: ['outer/a'], outputs: ['sum'] });
  expect(neighbours(whole, 'sum')).toEqual({ inputs: ['outer/inner/c', 'in'], outputs: [] });
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
