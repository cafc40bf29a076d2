/**
 * The graph that a config describes, as layerlab draws live models: one node per call of a layer, nested
 * models as groups, whose inputs are what they are called on.
 */
import type { Edge, ModelGraph, NodeInfo } from '../protocol';
import { LONGEST_SETTING } from '../tables';
import { isRecord, type Json } from './json';
import { isParameter, shapeText } from './layer-kinds';
import type { Layer, Model, Tensor } from './layers';
import type { Inventory } from './weights';

/** A model that is called often inside models that are called often has no end of nodes. */
export const MAX_NODES = 20_000;

/** Null if it has too many nodes to draw. */
export function drawGraph(model: Model, weights: Inventory): ModelGraph | null {
  const drawing = new Drawing(weights);
  drawing.model(model, null, []);
  return drawing.isFull ? null : { nodes: [...drawing.nodes.values()], edges: [...drawing.edges.values()] };
}

/** For a model of which the config names no layers: the parts that have weights, without connections. */
export function listParts(parts: readonly Layer[], weights: Inventory): ModelGraph {
  const drawing = new Drawing(weights);
  for (const part of parts) {
    drawing.node(part, null, false);
  }
  return { nodes: [...drawing.nodes.values()], edges: [] };
}

/** A source is a node's id, or '' for what comes from nowhere that is drawn. */
type Sources = readonly string[];

class Drawing {
  readonly nodes = new Map<string, NodeInfo>();
  readonly edges = new Map<string, Edge>();
  /** Calls of a name at a place so far. */
  private readonly calls = new Map<string, number>();

  constructor(private readonly weights: Inventory) {}

  get isFull(): boolean {
    return this.nodes.size > MAX_NODES;
  }

  /** Draws the calls of a model; `sources` are what it is called on. Returns where its outputs come from. */
  model(model: Model, parent: string | null, sources: Sources): Sources {
    return model.isChain ? this.chain(model, parent, sources) : this.graph(model, parent, sources);
  }

  private chain({ layers }: Model, parent: string | null, sources: Sources): Sources {
    let before = sources;
    for (const layer of layers) {
      if (!(layer.family === 'input' && before.length > 0)) {
        before = this.call(layer, parent, before);
      }
    }
    return before;
  }

  private graph(model: Model, parent: string | null, sources: Sources): Sources {
    const given = new Map(model.inputs.map((tensor, index) => [tensor.layer, sources[index]]));
    const made = new Map<string, Sources>();
    const sourceOf = (tensor: Tensor) => {
      const outputs = made.get(callKey(tensor.layer, tensor.call));
      return outputs?.[tensor.output] ?? outputs?.[0] ?? '';
    };
    for (const { layer, call, takes } of inOrder(model)) {
      const source = layer.family === 'input' ? given.get(layer.name) : undefined;
      const outputs = source === undefined ? this.call(layer, parent, takes.map(sourceOf)) : [source];
      made.set(callKey(layer.name, call), outputs);
    }
    return model.outputs.map(sourceOf);
  }

  private call(layer: Layer, parent: string | null, sources: Sources): Sources {
    if (this.isFull) {
      return [];
    }
    const isGroup = layer.inner?.layers.some(inner => inner.family !== 'input') ?? false;
    const id = this.node(layer, parent, isGroup);
    if (layer.inner !== null && isGroup) {
      return this.model(layer.inner, id, sources);
    }
    for (const source of new Set(sources)) {
      if (source !== '') {
        const label = this.nodes.get(source)?.output_shape ?? '';
        this.edges.set(JSON.stringify([source, id]), { source, target: id, label });
      }
    }
    return [id];
  }

  node(layer: Layer, parent: string | null, isGroup: boolean): string {
    const first = parent === null ? layer.name : `${parent}/${layer.name}`;
    const calls = this.calls.get(first) ?? 0;
    this.calls.set(first, calls + 1);
    const id = calls === 0 && !this.nodes.has(first) ? first : `${first}:${calls}`;
    const weights = this.weights.of(layer);
    this.nodes.set(id, {
      id,
      parent,
      name: layer.name,
      class_name: layer.className === 'InputLayer' ? 'Input' : layer.className,
      family: layer.family,
      path: layer.group ?? layer.name,
      output_shape: shapeText(layer.outputShape),
      dtype: layer.dtype,
      parameters: this.weights.parameters(layer),
      trainable: weights.length === 0 || layer.isTrainable,
      is_group: isGroup,
      config: layer.inner === null ? settings(layer.config) : {},
      weights: weights
        .filter(weight => isParameter(weight.name))
        .map(({ name, shape, dtype, isTrained }) => ({ path: name, shape, dtype, trainable: isTrained }))
    });
    return id;
  }
}

type Call = { layer: Layer; call: number; takes: readonly Tensor[] };

/** The calls so that each comes after those whose outputs it takes; what goes in circles comes last. */
function inOrder({ layers }: Model): Call[] {
  const calls = layers.flatMap(layer =>
    (layer.calls.length > 0 ? layer.calls : [[]]).map((takes, call): Call => ({ layer, call, takes }))
  );
  const byKey = new Map(calls.map(call => [callKey(call.layer.name, call.call), call]));
  const missing = new Map<Call, number>();
  const takers = new Map<Call, Call[]>();
  for (const call of calls) {
    const makers = new Set(call.takes.flatMap(tensor => byKey.get(callKey(tensor.layer, tensor.call)) ?? []));
    missing.set(call, makers.size);
    for (const maker of makers) {
      const known = takers.get(maker);
      if (known) {
        known.push(call);
      } else {
        takers.set(maker, [call]);
      }
    }
  }
  const ordered: Call[] = [];
  const ready = calls.filter(call => missing.get(call) === 0);
  for (let index = 0; index < ready.length; index++) {
    const call = ready[index] as Call;
    ordered.push(call);
    for (const taker of takers.get(call) ?? []) {
      const left = (missing.get(taker) ?? 0) - 1;
      missing.set(taker, left);
      if (left === 0) {
        ready.push(taker);
      }
    }
  }
  const done = new Set(ordered);
  return [...ordered, ...calls.filter(call => !done.has(call))];
}

function callKey(layer: string, call: number): string {
  return `${call} ${layer}`;
}

/** What of a configuration fits in a line; the name and whether it is trained are told elsewhere. */
function settings(config: Json): Record<string, unknown> {
  const entries = isRecord(config) ? Object.entries(config).slice(0, 60) : [];
  return Object.fromEntries(
    entries.flatMap(([key, value]) => {
      const text = key === 'name' || key === 'trainable' ? null : setting(value);
      return text === null ? [] : [[key, text]];
    })
  );
}

function setting(value: Json): string | number | boolean | null {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  if (typeof value === 'string') {
    return value.length <= LONGEST_SETTING ? value : null;
  }
  if (Array.isArray(value)) {
    const isPlain = value.length <= 20 && value.every(item => typeof item !== 'object' || item === null);
    return isPlain ? `(${value.map(String).join(', ')})`.slice(0, LONGEST_SETTING) : null;
  }
  const [name, inner] = [value.class_name, value.config];
  if (typeof name !== 'string') {
    return null;
  }
  const policy = name === 'DTypePolicy' && isRecord(inner) ? inner.name : undefined;
  return (typeof policy === 'string' ? policy : name).slice(0, LONGEST_SETTING);
}
