/** The weights of a file by layer, and the summary table that follows from them. */
import type { SummaryRow, SummaryTable } from '../protocol';
import type { StoredArray } from './hdf5';
import { isLearned, isParameter, shapeText, variableName } from './layer-kinds';
import type { Layer, Model } from './layers';
import type { Owners } from './weight-owners';

/** One array as a row of the weights' table. */
export type Weight = {
  /** Its place in the file's list of arrays: how to ask for statistics. */
  index: number;
  /** The layer's name, those of models around it before it; '' for what belongs to none. */
  layer: string;
  name: string;
  path: string;
  shape: string;
  dtype: string;
  count: number;
  sizeBytes: number;
  isTrained: boolean;
  kind: 'weight' | 'state' | 'optimizer' | 'other';
};

/** Weights by layer. */
export class Inventory {
  private readonly byLayer = new Map<Layer, readonly Weight[]>();
  private readonly totals = new Map<Layer, number>();

  constructor(
    private readonly owners: Owners,
    private readonly arrays: readonly StoredArray[]
  ) {
    this.places = new Map(arrays.map((array, index) => [array.path, index]));
  }

  private readonly places: ReadonlyMap<string, number>;

  /** The weights of a layer, not of those inside it. */
  of(layer: Layer): readonly Weight[] {
    let weights = this.byLayer.get(layer);
    if (weights === undefined) {
      weights = this.owners.arraysOf(layer.group).map(array => this.weight(array, layer, layer.name));
      this.byLayer.set(layer, weights);
    }
    return weights;
  }

  /** The parameters of a layer and all inside it. */
  parameters(layer: Layer): number {
    let total = this.totals.get(layer);
    if (total === undefined) {
      const own = this.of(layer).filter(weight => isParameter(weight.name));
      const inner = layer.inner?.layers ?? [];
      total = [...own.map(weight => weight.count), ...inner.map(item => this.parameters(item))].reduce(
        add,
        0
      );
      this.totals.set(layer, total);
    }
    return total;
  }

  /** All arrays as rows: those of the layers in their order, then the optimizer's, then what is left. */
  rows(model: Model | null): Weight[] {
    const known = new Set<number>();
    const rows: Weight[] = [];
    const visit = (layers: readonly Layer[], around: string) => {
      for (const layer of layers) {
        const name = around === '' ? layer.name : `${around}/${layer.name}`;
        for (const weight of this.of(layer)) {
          known.add(weight.index);
          rows.push({ ...weight, layer: name });
        }
        visit(layer.inner?.layers ?? [], name);
      }
    };
    visit(model?.layers ?? [], '');
    const rest = this.arrays
      .filter((_, index) => !known.has(index))
      .map(array => this.weight(array, null, ''));
    const isOptimizer = (weight: Weight) => weight.kind === 'optimizer';
    return [...rows, ...rest.filter(isOptimizer), ...rest.filter(weight => !isOptimizer(weight))];
  }

  private weight(array: StoredArray, layer: Layer | null, layerName: string): Weight {
    const { path, shape, dtype, size } = array;
    const name = layer?.group
      ? variableName(layer.className, layer.config, path.slice(layer.group.length + 1))
      : path;
    const isOptimizer = layer === null && path.startsWith('optimizer/');
    const kind = isOptimizer
      ? 'optimizer'
      : layer === null
        ? 'other'
        : isParameter(name)
          ? 'weight'
          : 'state';
    return {
      index: this.places.get(path) ?? -1,
      layer: layerName,
      name,
      path,
      shape: shapeText(shape),
      dtype: dtype.label,
      count: size / dtype.size,
      sizeBytes: size,
      isTrained: layer?.isTrainable === true && isLearned(name),
      kind
    };
  }
}

/** The table as `model.summary()` has it: a row for each layer, members of nested models below them. */
export function summarize(model: Model | null, inventory: Inventory, rows: readonly Weight[]): SummaryTable {
  const weights = rows.filter(row => row.kind === 'weight');
  const parameters = weights.map(row => row.count).reduce(add, 0);
  const trainable = weights
    .filter(row => row.isTrained)
    .map(row => row.count)
    .reduce(add, 0);
  return {
    rows: summaryRows(model?.layers ?? [], model?.isChain ?? true, 0, inventory),
    parameters,
    trainable_parameters: trainable,
    non_trainable_parameters: parameters - trainable,
    optimizer_parameters: rows
      .filter(row => row.kind === 'optimizer')
      .map(row => row.count)
      .reduce(add, 0),
    size_bytes: weights.map(row => row.sizeBytes).reduce(add, 0)
  };
}

function summaryRows(
  layers: readonly Layer[],
  isChain: boolean,
  depth: number,
  inventory: Inventory
): SummaryRow[] {
  return layers.flatMap((layer, index) => {
    const own = inventory.of(layer);
    const row: SummaryRow = {
      name: layer.name,
      class_name: layer.className,
      path: layer.group ?? layer.name,
      depth,
      output_shape: shapeText(layer.outputShape),
      parameters: inventory.parameters(layer),
      size_bytes: own.map(weight => weight.sizeBytes).reduce(add, 0),
      trainable: layer.isTrainable,
      connected_to: isChain
        ? layers.slice(Math.max(0, index - 1), index).map(before => before.name)
        : [...new Set(layer.calls.flat().map(tensor => tensor.layer))]
    };
    return layer.inner === null
      ? [row]
      : [row, ...summaryRows(layer.inner.layers, layer.inner.isChain, depth + 1, inventory)];
  });
}

function add(a: number, b: number): number {
  return a + b;
}
