/** The weights of a layer of a file in the form in which a kernel tells them: for the details beside the graph. */

import type { Weight } from '../../keras-file/weights';
import type { DescribeLayer } from '../../kernel/model-follower';
import type { WeightStatistics } from '../../protocol';
import type { ModelFile } from './opened-file';

const MAX_WEIGHTS = 30;

export function describeLayerOf(file: ModelFile): DescribeLayer {
  const { graph, weights } = file.description;
  return async nodeId => {
    const node = graph?.nodes.find(item => item.id === nodeId);
    const isMine = ({ kind, path }: Weight) => kind === 'weight' && path.startsWith(`${node?.path}/`);
    const mine = node === undefined || node.is_group ? [] : weights.filter(isMine);
    const told = await Promise.all(mine.slice(0, MAX_WEIGHTS).map(weight => statisticsOf(file, weight)));
    const layer = {
      node_id: nodeId,
      documentation: '',
      weights: told,
      omitted_weights: mine.length - told.length
    };
    return { layer, training: false };
  };
}

async function statisticsOf(file: ModelFile, weight: Weight): Promise<WeightStatistics> {
  const found = await file.statistics(weight.index);
  const finite = (number: number | undefined) =>
    number === undefined || Number.isNaN(number) ? null : number;
  return {
    path: weight.name,
    shape: weight.shape,
    dtype: weight.dtype,
    trainable: weight.isTrained,
    elements: weight.count,
    sampled: found?.examined ?? 0,
    mean: finite(found?.mean),
    std: finite(found?.std),
    minimum: finite(found?.min),
    maximum: finite(found?.max),
    zeros: found === null ? 0 : found.zeros / found.examined,
    non_finite: found?.nonFinite ?? 0,
    histogram: [...(found?.histogram ?? [])]
  };
}
