import { describe, expect, it } from 'vitest';
import { decodeRecord } from '../../kernel/decode';
import type { ModelGraph, NodeInfo } from '../../protocol';
import { golden } from '../../testing/golden';
import { MOST_MEMBERS } from './grouping';
import { hierarchy, initiallyFolded, visible } from './visible-graph';

const sample = decodeRecord('ModelBundle', golden('bundle.model')).graph.nodes[0] as NodeInfo;

function graphOf(names: readonly string[], edges: readonly (readonly [number, number])[]): ModelGraph {
  return {
    nodes: names.map((name, i) => ({ ...sample, id: `n${i}`, name, parent: null, parameters: 1 })),
    edges: edges.map(([from, to]) => ({ source: `n${from}`, target: `n${to}`, label: '' }))
  };
}

const chainOf = (names: readonly string[]) =>
  graphOf(
    names,
    names.slice(1).map((_, i) => [i, i + 1] as const)
  );

/** As keras.applications names the layers of a ResNet: 3, 4, 6 and 3 blocks of ten layers. */
const residualNames = [
  'input',
  ...['pad', 'conv', 'bn', 'relu'].map(name => `conv1_${name}`),
  'pool1_pool',
  ...[3, 4, 6, 3].flatMap((blocks, stage) =>
    Array.from({ length: blocks }, (_, block) =>
      ['1_conv', '1_bn', '1_relu', '2_conv', '2_bn', '2_relu', '3_conv', '3_bn', 'add', 'out'].map(
        part => `conv${stage + 2}_block${block + 1}_${part}`
      )
    ).flat()
  ),
  'avg_pool',
  'predictions'
];

const shownNames = (graph: ModelGraph) => {
  const whole = hierarchy(graph);
  return visible(whole, initiallyFolded(whole)).nodes.map(item => item.info.name);
};

describe('a level with too many members', () => {
  it('is grouped by the blocks that its names tell of', () => {
    const names = shownNames(chainOf(residualNames));
    const blocks = (stage: number, count: number) => [
      `conv${stage}`,
      ...Array.from({ length: count }, (_, i) => `conv${stage}_block${i + 1}`)
    ];
    expect(names).toEqual([
      'input',
      'conv1',
      ...['pad', 'conv', 'bn', 'relu'].map(name => `conv1_${name}`),
      'pool1_pool',
      ...[blocks(2, 3), blocks(3, 4), blocks(4, 6), blocks(5, 3)].flat(),
      'avg_pool',
      'predictions'
    ]);
  });

  it('tells what a group holds: how many layers, their parameters, the last one’s output', () => {
    const whole = hierarchy(chainOf(residualNames));
    const block = [...whole.nodes.values()].find(node => node.name === 'conv2_block1');
    expect(block).toMatchObject({
      class_name: '10 layers',
      parameters: 10,
      is_group: true,
      output_shape: sample.output_shape
    });
    expect(whole.made.has(block?.id ?? '')).toBe(true);
  });

  it('of 5,000 layers in a chain is grouped in levels, none of them too large', () => {
    const names = Array.from({ length: 5_000 }, (_, i) => (i === 0 ? 'dense' : `dense_${i}`));
    const start = performance.now();
    const whole = hierarchy(chainOf(names));
    expect(performance.now() - start).toBeLessThan(500);
    const sizes = new Map<string | null, number>();
    for (const [id, parent] of whole.parents) {
      expect(whole.nodes.has(id)).toBe(true);
      sizes.set(parent, (sizes.get(parent) ?? 0) + 1);
    }
    expect(Math.max(...sizes.values())).toBeLessThanOrEqual(MOST_MEMBERS);
    expect(whole.nodes.size - whole.made.size).toBe(5_000);
    expect(visible(whole, initiallyFolded(whole)).nodes.length).toBeLessThanOrEqual(60);
    expect(visible(whole, new Set()).nodes.length).toBe(whole.nodes.size);
  });

  it('is cut where the fewest edges cross', () => {
    // Ten blocks of nine layers, with an edge from the first of each block to its last.
    const names = Array.from({ length: 90 }, (_, i) => `layer${i}`);
    const edges = names.slice(1).map((_, i) => [i, i + 1] as const);
    const skips = Array.from({ length: 10 }, (_, block) => [block * 9, block * 9 + 8] as const);
    const whole = hierarchy(graphOf(names, [...edges, ...skips]));
    const across = skips.filter(
      ([from, to]) => whole.parents.get(`n${from}`) !== whole.parents.get(`n${to}`)
    );
    expect(across).toEqual([]);
  });

  it('in a small graph stays as it is', () => {
    const whole = hierarchy(chainOf(residualNames.slice(0, 50)));
    expect(whole.made.size).toBe(0);
  });

  it('never makes a cycle of groups', () => {
    const whole = hierarchy(chainOf(residualNames));
    const folded = new Set(whole.groups);
    const shown = visible(whole, folded);
    const place = new Map(shown.nodes.map((item, i) => [item.info.id, i]));
    for (const { source, target } of shown.edges) {
      expect(place.get(source)).toBeLessThan(place.get(target) ?? -1);
    }
  });
});
