/** The layers that a config describes, with the weights that belong to each. Nothing is built or called. */
import { field, isRecord, type Json, listField, textField } from './json';
import { familyOf, inferShape, type Shape, toShape } from './layer-kinds';
import type { Owners } from './weight-owners';

/** Names are compared by their beginnings: none of a megabyte goes through all that follows. */
const MAX_NAME = 1_000;

/** One tensor that a config mentions: the layer that made it, at which call, and which of its outputs. */
export type Tensor = { layer: string; call: number; output: number; shape: Shape | null };

export type Layer = {
  name: string;
  className: string;
  family: string;
  config: Json;
  dtype: string;
  isTrainable: boolean;
  /** What each call takes. */
  calls: readonly (readonly Tensor[])[];
  outputShape: Shape | null;
  /** Its group in the weights file, null if it has none. */
  group: string | null;
  /** The layers of a nested model. */
  inner: Model | null;
};

export type Model = {
  layers: readonly Layer[];
  /** Each layer takes what the one before it gives; otherwise `calls` say what goes where. */
  isChain: boolean;
  inputs: readonly Tensor[];
  outputs: readonly Tensor[];
};

/** The model whose config this is; null for what has no list of layers, such as a subclassed model. */
export function readModel(described: Json | undefined, group: string | null, owners: Owners): Model | null {
  const config = field(described, 'config');
  const items = listField(config, 'layers').filter(isRecord);
  if (items.length === 0) {
    return null;
  }
  const isChain = field(config, 'input_layers') === undefined;
  const groups = owners.groupsIn(group, items);
  const layers = items.map((item, index) => readLayer(item, groups[index] ?? null, owners));
  const model = {
    layers,
    isChain,
    inputs: tensorsIn(field(config, 'input_layers')),
    outputs: tensorsIn(field(config, 'output_layers'))
  };
  return { ...model, layers: isChain ? chainShapes(items, layers) : graphShapes(items, model) };
}

function readLayer(item: Json, group: string | null, owners: Owners): Layer {
  const config = field(item, 'config') ?? {};
  const className = textField(item, 'class_name').slice(0, MAX_NAME);
  const inner = readModel(item, group, owners);
  return {
    // Some versions put it in one place, some in the other.
    name: (textField(item, 'name') || textField(config, 'name') || className).slice(0, MAX_NAME),
    className,
    family: inner === null ? familyOf(className, textField(item, 'module')) : 'model',
    config,
    dtype: dtypeOf(field(config, 'dtype')),
    isTrainable: field(config, 'trainable') !== false,
    calls: listField(item, 'inbound_nodes').map(tensorsIn),
    outputShape: toShape(field(config, 'batch_shape')) ?? toShape(field(config, 'batch_input_shape')),
    group,
    inner
  };
}

function dtypeOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : textField(field(value, 'config'), 'name');
}

/** All tensors in a structure of arguments, in order: Keras 3's records, and the lists of before. */
function tensorsIn(value: Json | undefined): Tensor[] {
  const found: Tensor[] = [];
  const visit = (item: Json) => {
    const tensor = asTensor(item);
    if (tensor !== null) {
      found.push(tensor);
    } else if (Array.isArray(item)) {
      item.forEach(visit);
    } else if (isRecord(item)) {
      Object.values(item).forEach(visit);
    }
  };
  visit(value ?? null);
  return found;
}

function asTensor(item: Json): Tensor | null {
  if (textField(item, 'class_name') === '__keras_tensor__') {
    const config = field(item, 'config');
    return fromHistory(listField(config, 'keras_history'), toShape(field(config, 'shape')));
  }
  return Array.isArray(item) ? fromHistory(item, null) : null;
}

function fromHistory([layer, call, output]: Json[], shape: Shape | null): Tensor | null {
  return typeof layer === 'string' && typeof call === 'number' && typeof output === 'number'
    ? { layer: layer.slice(0, MAX_NAME), call, output, shape }
    : null;
}

// --- shapes -------------------------------------------------------------------------------------------

/** What the file says that a layer was built on. */
function inputShape(item: Json | undefined): Shape | null {
  return toShape(field(field(item, 'build_config'), 'input_shape'));
}

/** In a chain the next layer's input is this one's output. */
function chainShapes(items: readonly Json[], layers: readonly Layer[]): Layer[] {
  let before: Shape | null = null;
  return layers.map((layer, index) => {
    const input = inputShape(items[index]) ?? before;
    before = layer.outputShape ?? inputShape(items[index + 1]) ?? inferred(layer, input);
    return { ...layer, outputShape: before };
  });
}

/** In a graph, whoever takes a tensor has its shape. */
function graphShapes(items: readonly Json[], model: Model): Layer[] {
  const taken = new Map<string, Shape>();
  for (const tensor of model.layers.flatMap(layer => layer.calls.flat())) {
    if (tensor.shape !== null && tensor.output === 0) {
      taken.set(tensor.layer, tensor.shape);
    }
  }
  return model.layers.map((layer, index) => {
    const input = inputShape(items[index]) ?? layer.calls[0]?.[0]?.shape ?? null;
    return { ...layer, outputShape: layer.outputShape ?? taken.get(layer.name) ?? inferred(layer, input) };
  });
}

function inferred(layer: Layer, input: Shape | null): Shape | null {
  return layer.inner === null
    ? inferShape(layer.className, layer.family, layer.config, input)
    : outputOf(layer.inner);
}

function outputOf({ layers, isChain, outputs }: Model): Shape | null {
  const last = isChain ? layers.at(-1) : layers.find(layer => layer.name === outputs[0]?.layer);
  return last?.outputShape ?? null;
}
