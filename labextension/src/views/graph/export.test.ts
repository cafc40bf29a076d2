// @vitest-environment jsdom
import ELK from 'elkjs';
import { expect, it } from 'vitest';
import { decodeRecord } from '../../kernel/decode';
import type { ModelGraph } from '../../protocol';
import { golden } from '../../testing/golden';
import { escaped, fileName, graphSvg } from './export';
import { markEdges, markNodes, toEdges, toNodes } from './flow-nodes';
import { type ArrowKey, neighbour } from './keyboard';
import { arrange } from './layered';
import { type Direction, layout } from './layout';
import { hierarchy, visible } from './visible-graph';

const graph = decodeRecord('ModelBundle', golden('bundle.model')).graph;
const engines = {
  elk: () => new ELK(),
  arrange: async (request: Parameters<typeof arrange>[0]) => arrange(request)
};

async function placed(model: ModelGraph, direction: Direction = 'down') {
  const shown = visible(hierarchy(model), new Set());
  return { graph: shown, layout: await layout(shown, direction, engines) };
}

function parsed(svg: string): Document {
  const found = new DOMParser().parseFromString(svg, 'image/svg+xml');
  expect(found.querySelector('parsererror')?.textContent ?? '').toBe('');
  return found;
}

it('an exported drawing has every box, every edge and their texts, on white', async () => {
  const picture = parsed(graphSvg(await placed(graph), 'digits'));
  expect(picture.querySelector('svg > title')?.textContent).toBe('digits');
  expect(picture.querySelector('svg > rect')?.getAttribute('fill')).toBe('#fff');
  const texts = [...picture.querySelectorAll('text')].map(text => text.textContent);
  for (const name of ['pixels', 'block · Sequential', 'conv', 'flatten', 'digit', '(None, 8, 8, 16)']) {
    expect(texts).toContain(name);
  }
  expect(picture.querySelectorAll('path[marker-end]')).toHaveLength(3);
});

it('hostile names are text in a drawing, and the file is well-formed', async () => {
  const names = [
    '<script>alert(1)</script>',
    '"/><g onload="x"',
    'a\u202eb\u0000\ud800\nc',
    'x'.repeat(10_000)
  ];
  const nodes = names.map((name, i) => ({ ...graph.nodes[0], id: `n${i}`, name, class_name: name }));
  const svg = graphSvg(await placed({ nodes, edges: [] } as unknown as ModelGraph), names[0] as string);
  const picture = parsed(svg);
  expect(picture.querySelector('script')).toBeNull();
  expect(picture.querySelector('[onload]')).toBeNull();
  expect(picture.querySelector('title')?.textContent).toBe('<script>alert(1)</script>');
  expect(svg.length).toBeLessThan(20_000);
  expect(escaped(names[2] as string)).toBe('a\ufffdb\ufffd\ufffd c');
});

it('a file is named after the model, with nothing that a file name may not hold', () => {
  expect(['digits', '../../etc/passwd', '<">', 'Größe 2'].map(fileName)).toEqual([
    'digits',
    'etc_passwd',
    'model',
    'Größe_2'
  ]);
});

it('what is not selected, found or a stop of the Tab key stays the same object', async () => {
  const shown = await placed(graph);
  const [nodes, edges] = [toNodes(shown), toEdges(shown)];
  const marked = markNodes(nodes, 'digit', new Set(['flatten']));
  const changed = marked.filter((node, i) => node !== nodes[i]);
  expect(
    changed.map(({ id, selected, data, domAttributes }) => [id, selected, data.isMatch, domAttributes])
  ).toEqual([
    ['flatten', false, true, { tabIndex: -1 }],
    ['digit', true, false, { tabIndex: 0 }]
  ]);
  const active = markEdges(edges, 'digit').filter((edge, i) => edge !== edges[i]);
  expect(active.map(({ target, selected }) => [target, selected])).toEqual([['digit', true]]);
  expect(markNodes(nodes, null, new Set())[0]?.domAttributes).toEqual({ tabIndex: 0 });
});

it.each<[Direction, ArrowKey, ArrowKey]>([
  ['down', 'ArrowDown', 'ArrowUp'],
  ['right', 'ArrowRight', 'ArrowLeft']
])('arrow keys go along the edges, layout %s', async (direction, on, back) => {
  const { graph: shown, layout: found } = await placed(graph, direction);
  const go = (id: string, key: ArrowKey) => neighbour(shown, found, id, key);
  expect(go('pixels', on)).toBe('block/conv');
  expect(go('block/conv', on)).toBe('flatten');
  expect(go('flatten', back)).toBe('block/conv');
  expect(go('digit', on)).toBeNull();
  expect(go('block', on)).toBe('block/conv');
});
