/** A model file as plain data: what the page shows of it. */
import type { ModelGraph, SummaryTable } from '../protocol';
import { Archive } from './archive';
import { type Bytes, Refusal } from './bytes';
import { drawGraph, listParts, MAX_NODES } from './config-graph';
import { readWeights, type StoredArray, type WeightsFile } from './hdf5';
import { field, isRecord, type Json, parseJson, textField } from './json';
import { type Layer, type Model, readModel } from './layers';
import { Owners } from './weight-owners';
import { Inventory, summarize, type Weight } from './weights';

const [MAX_CONFIG_BYTES, MAX_METADATA_BYTES, MAX_WEIGHTS_BYTES] = [32 * 2 ** 20, 2 ** 20, 2 ** 30];
const [CONFIG, METADATA, WEIGHTS] = ['config.json', 'metadata.json', 'model.weights.h5'] as const;
const MAX_LISTED = 100;
const MAX_WEIGHTS = 20_000;

export type Description = {
  /** The model's name; the file's where it holds weights only. */
  name: string;
  className: string;
  kerasVersion: string;
  /** As the file says it: '2026-11-26@12:37:14'. */
  dateSaved: string;
  /** layerlab keeps the states of random generators beside the version. */
  isFromLayerlab: boolean;
  /** Null where there is nothing to draw; `graphProblem` then says why. */
  graph: ModelGraph | null;
  graphProblem: string;
  summary: SummaryTable;
  /** At most MAX_WEIGHTS of them. */
  weights: readonly Weight[];
  weightsLeftOut: number;
  members: readonly { name: string; size: number; isExpected: boolean }[];
  hasConfig: boolean;
  hasCompileConfig: boolean;
};

/** An opened file: its description, and what can be asked about it. */
export type OpenFile = {
  description: Description;
  arrays: readonly StoredArray[];
  weightsBytes: Bytes;
  config: Json;
  metadata: Json;
};

/** Opens a `.keras` archive. Throws Refusal. */
export async function openKeras(file: Bytes): Promise<OpenFile> {
  const archive = new Archive(file);
  const config = parseJson(await archive.read(CONFIG, MAX_CONFIG_BYTES), CONFIG);
  const metadata = parseJson(await archive.read(METADATA, MAX_METADATA_BYTES), METADATA);
  if (!isRecord(config) || textField(config, 'class_name') === '') {
    throw new Refusal(CONFIG, 'the description of a model, with its class_name', 'something else');
  }
  if (!isRecord(metadata)) {
    throw new Refusal(METADATA, 'an object', 'something else');
  }
  const weightsBytes = await archive.read(WEIGHTS, MAX_WEIGHTS_BYTES);
  const members = [...archive.members.values()].slice(0, MAX_LISTED);
  return describe(readWeights(weightsBytes, WEIGHTS), {
    weightsBytes,
    config,
    metadata,
    members: members.map(({ name, size }) => ({ name, size, isExpected: isExpected(name) }))
  });
}

/** Opens a `.weights.h5` file: weights without a model. Throws Refusal. */
export function openWeights(file: Bytes): OpenFile {
  const [config, metadata] = [null, null];
  return describe(readWeights(file, 'the file'), { weightsBytes: file, config, metadata, members: [] });
}

function isExpected(name: string): boolean {
  return [CONFIG, METADATA, WEIGHTS].some(known => known === name) || name.startsWith('assets/');
}

type Parts = Pick<OpenFile, 'weightsBytes' | 'config' | 'metadata'> & Pick<Description, 'members'>;

function describe(file: WeightsFile, { weightsBytes, config, metadata, members }: Parts): OpenFile {
  const owners = new Owners(file);
  const model = readModel(config, '', owners) ?? modelOfParts(owners);
  const isListed = field(field(config, 'config'), 'layers') === undefined;
  const inventory = new Inventory(owners, file.arrays);
  const weights = inventory.rows(model);
  const graph = isListed ? listParts(model.layers, inventory) : drawGraph(model, inventory);
  const description: Description = {
    name: textField(field(config, 'config'), 'name') || textField(config, 'class_name'),
    className: textField(config, 'class_name'),
    kerasVersion: textField(metadata, 'keras_version'),
    dateSaved: textField(metadata, 'date_saved'),
    isFromLayerlab: field(metadata, 'seed_states') !== undefined,
    graph: graph !== null && graph.nodes.length > 0 ? graph : null,
    graphProblem: graph === null ? `It has more than ${MAX_NODES} calls of layers.` : '',
    summary: summarize(model, inventory, weights),
    weights: weights.slice(0, MAX_WEIGHTS),
    weightsLeftOut: Math.max(0, weights.length - MAX_WEIGHTS),
    members,
    hasConfig: config !== null,
    hasCompileConfig: !isEmpty(field(config, 'compile_config'))
  };
  return { description, arrays: file.arrays, weightsBytes, config, metadata };
}

/** What a model that was never compiled says: `{}` or null. */
function isEmpty(compiled: Json | undefined): boolean {
  return !isRecord(compiled) || Object.keys(compiled).length === 0;
}

/** A subclassed model, and weights without a model: the groups of the weights file stand for its layers. */
function modelOfParts(owners: Owners): Model {
  const layers = owners.parts().map(
    ({ name, group }): Layer => ({
      name,
      className: '',
      family: 'other',
      config: {},
      dtype: '',
      isTrainable: true,
      calls: [],
      outputShape: null,
      group,
      inner: null
    })
  );
  return { layers, isChain: false, inputs: [], outputs: [] };
}
