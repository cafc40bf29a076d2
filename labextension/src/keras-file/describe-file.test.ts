import { describe, expect, it } from 'vitest';
import expected from '../../../tests/model_files/expected.json';
import { asBytes, entry, fileBytes, zip } from '../testing/files';
import { Archive } from './archive';
import { openKeras, openWeights } from './describe-file';
import type { Json } from './json';
import { childrenAt } from './json-branches';

const open = (name: string) => openKeras(asBytes(fileBytes(name)));

/** The file of Keras with another config. */
async function withConfig(config: string | ((before: Json) => void)) {
  const archive = new Archive(asBytes(fileBytes('keras.keras')));
  const read = async (name: string) => (await archive.read(name, 1e9)).array();
  let text = config;
  if (typeof text === 'function') {
    const before = JSON.parse(new TextDecoder().decode(await read('config.json'))) as Json;
    text(before);
    text = JSON.stringify(before);
  }
  const members = [
    entry('metadata.json', await read('metadata.json')),
    entry('config.json', text),
    entry('model.weights.h5', await read('model.weights.h5'))
  ];
  return openKeras(asBytes(zip(members)));
}

describe.each(['keras', 'layerlab'] as const)('a file of %s', library => {
  it('says what the model is', async () => {
    const { description } = await open(`${library}.keras`);
    expect(description).toMatchObject({
      name: 'net',
      className: 'Functional',
      kerasVersion: '3.15.1',
      isFromLayerlab: library === 'layerlab',
      hasCompileConfig: true
    });
    expect(description.dateSaved).toMatch(/^\d{4}-\d\d-\d\d@/);
    expect(description.summary).toMatchObject({
      // 20 stem, 8 norm, 38 shared, 57 block, 112 digit; the moving mean and variance and digit are not trained.
      parameters: 235,
      trainable_parameters: 119,
      non_trainable_parameters: 116
    });
  });

  it('has the layers, shapes and parameters that the library tells of the live model', async () => {
    const { summary } = (await open(`${library}.keras`)).description;
    for (const { name, parameters, shape } of expected[library].layers) {
      const row = summary.rows.find(item => item.name === name);
      expect([name, row?.parameters, row?.output_shape]).toEqual([name, parameters, shape]);
    }
    expect(summary.rows.filter(row => row.depth === 1).map(row => [row.name, row.output_shape])).toEqual([
      [expect.stringMatching(/^input_layer/), '(None, 8, 8, 2)'],
      ['conv', '(None, 6, 6, 3)'],
      ['pool', '(None, 3, 3, 3)']
    ]);
  });

  it('is drawn with each call of a shared layer, and the model in it as a group', async () => {
    const { graph } = (await open(`${library}.keras`)).description;
    expect(graph?.nodes.map(node => node.id)).toEqual([
      ...['image', 'stem', 'norm', 'shared', 'shared:1', 'add'],
      ...['block', 'block/conv', 'block/pool', 'drop', 'flatten', 'digit']
    ]);
    expect(graph?.edges.map(edge => `${edge.source} > ${edge.target}`).sort()).toEqual([
      'add > block/conv',
      'block/conv > block/pool',
      'block/pool > drop',
      'drop > flatten',
      'flatten > digit',
      'image > stem',
      'norm > add',
      'norm > shared',
      'shared > shared:1',
      'shared:1 > add',
      'stem > norm'
    ]);
    const digit = graph?.nodes.find(node => node.id === 'digit');
    expect(digit).toMatchObject({ class_name: 'Dense', family: 'dense', dtype: 'float32', trainable: false });
    expect(digit?.config).toMatchObject({
      units: 4,
      activation: 'linear',
      kernel_initializer: 'GlorotUniform'
    });
  });

  it('has weights under the names of their layers', async () => {
    const { weights } = (await open(`${library}.keras`)).description;
    expect(weights.filter(row => row.kind === 'weight').map(row => `${row.layer} ${row.name}`)).toEqual([
      ...['stem kernel', 'stem bias'],
      ...['norm gamma', 'norm beta', 'norm moving_mean', 'norm moving_variance'],
      ...[
        'shared kernel',
        'shared bias',
        'block/conv kernel',
        'block/conv bias',
        'digit kernel',
        'digit bias'
      ]
    ]);
    expect(weights.filter(row => row.isTrained).map(row => row.layer)).not.toContain('digit');
  });
});

describe('a file of weights', () => {
  it('lists its arrays by layer', () => {
    const { description } = openWeights(asBytes(fileBytes('keras.weights.h5')));
    expect(description.hasConfig).toBe(false);
    expect(description.weights.map(row => row.layer)).toContain('stem');
    expect(description.summary.parameters).toBe(235);
  });
});

describe('a config of strangers', () => {
  it.each([
    ['no JSON', '{"class_name": ', 'config.json: expected JSON'],
    ['a list', '[]', 'config.json: expected the description of a model'],
    [
      'deep',
      `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
      'config.json: expected JSON at most 400 levels deep'
    ],
    [
      'very many layers',
      `{"class_name": "A", "config": {"layers": [${'{},'.repeat(60_000)}{}]}}`,
      'config.json: expected at most 50000 layers'
    ]
  ])('is refused: %s', async (_, text, message) => {
    await expect(withConfig(text)).rejects.toThrow(message);
  });

  it('is refused when it is missing', async () => {
    const only = asBytes(zip([entry('metadata.json', '{}'), entry('model.weights.h5', 'x')]));
    await expect(openKeras(only)).rejects.toThrow('the archive: expected a member config.json');
  });

  it('is not compiled where it holds nothing to compile with', async () => {
    for (const nothing of ['{}', 'null', '[]']) {
      const { description } = await withConfig(`{"class_name": "A", "compile_config": ${nothing}}`);
      expect(description.hasCompileConfig).toBe(false);
    }
  });

  it('cannot reach prototypes', async () => {
    const text =
      '{"class_name": "A", "__proto__": {"config": {"name": "x"}}, "config": {"__proto__": {"name": "y"}}}';
    const { description, config } = await withConfig(text);
    expect(description.name).toBe('A');
    expect(({} as Record<string, unknown>).config).toBeUndefined();
    expect(childrenAt(config, [], 0)?.branches.map(branch => branch.step)).toContain('__proto__');
    expect(childrenAt(config, ['constructor'], 0)).toBeNull();
  });

  it('may go in circles, name layers that are not there, and be of any type', async () => {
    const layer = (name: string, from: string) =>
      `{"class_name": "Dense", "name": "${name}", "config": {"units": "many", "trainable": 7},
        "inbound_nodes": [{"args": [["${from}", 0, 0]], "kwargs": null}]}`;
    const layers = [layer('a', 'b'), layer('b', 'a'), layer('c', 'none'), 'null', '3', '{"config": []}'];
    const text = `{"class_name": "A", "config": {"layers": [${layers}], "input_layers": 3, "output_layers": {}}}`;
    const { graph } = (await withConfig(text)).description;
    expect(graph?.nodes.map(node => node.name)).toEqual(['c', '', 'a', 'b']);
    expect(graph?.edges.map(edge => `${edge.source} > ${edge.target}`)).toEqual(['a > b']);
  });

  it('cannot make a picture without end from models that are called often', async () => {
    const call = '{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["x", 0, 0]}}]}';
    let inner = '{"class_name": "Dense", "name": "leaf", "config": {}}';
    for (let depth = 0; depth < 12; depth++) {
      inner = `{"class_name": "Functional", "name": "m${depth}", "inbound_nodes": [${new Array(10).fill(call)}],
        "config": {"layers": [${inner}], "input_layers": [], "output_layers": []}}`;
    }
    const begin = performance.now();
    const { description } = await withConfig(inner);
    expect(description.graph).toBeNull();
    expect(description.graphProblem).toBe('It has more than 20000 calls of layers.');
    expect(performance.now() - begin).toBeLessThan(3_000);
  });

  it('is handed out branch by branch, and text in short', async () => {
    const { config } = await withConfig(
      JSON.stringify({ class_name: 'A', list: new Array(1_000).fill(0), text: 'x'.repeat(1_000_000) })
    );
    const list = childrenAt(config, ['list'], 900);
    expect([list?.count, list?.branches.length, list?.branches[0]?.step]).toEqual([1_000, 100, 900]);
    const text = childrenAt(config, [], 0)?.branches.find(branch => branch.step === 'text')?.text;
    expect(text?.length).toBeLessThan(400);
  });
});
