/** The weights of a layer as numbers and small histograms. */
import type { WeightStatistics } from '../../protocol';
import { Icon } from '../shared/icons';
import { clip, count, value } from '../shared/text';
import { trans } from '../shared/translation';
import type { ReportState } from './layer-report';

export function Weights({ state }: { state: ReportState }) {
  const { report, message, isLoading, refresh } = state;
  const { weights = [], omitted_weights: omitted = 0 } = report?.layer ?? {};
  if (weights.length === 0 && message === '') {
    return null;
  }
  return (
    <section className="layerlab-weights" aria-busy={isLoading}>
      <h4>
        {trans.__('Weights')}
        {report?.training && <span className="layerlab-faint"> {trans.__('live')}</span>}
        <button
          type="button"
          className="layerlab-fold"
          title={trans.__('Read the weights again')}
          aria-label={trans.__('Read the weights again')}
          onClick={refresh}
        >
          <Icon name="refresh" />
        </button>
      </h4>
      {message !== '' && (
        <p className="layerlab-faint" role="status">
          {message}
        </p>
      )}
      {weights.map((weight, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: weights of one layer never move
        <Weight key={index} weight={weight} />
      ))}
      {omitted > 0 && <p className="layerlab-faint">{trans.__('… and %1 more', count(omitted))}</p>}
    </section>
  );
}

function Weight({ weight }: { weight: WeightStatistics }) {
  const name = clip(weight.path.split('/').at(-1) ?? weight.path, 60);
  return (
    <div className="layerlab-weight">
      <div className="layerlab-weight-head">
        <strong title={clip(weight.path)}>{name}</strong>
        <span className="layerlab-weight-shape">
          {clip(weight.shape, 60)} {clip(weight.dtype, 20)}
          {!weight.trainable && <Icon name="lock" />}
        </span>
      </div>
      <Histogram weight={weight} name={name} />
      <dl className="layerlab-numbers">
        <Fact label={trans.__('mean')} text={value(weight.mean)} />
        <Fact label={trans.__('std')} text={value(weight.std)} />
        <Fact label={trans.__('zeros')} text={percent(weight.zeros)} />
      </dl>
      {weight.non_finite > 0 && (
        <p className="layerlab-bad">{trans.__('%1 values are not finite', count(weight.non_finite))}</p>
      )}
      {weight.sampled < weight.elements && (
        <p className="layerlab-faint">
          {trans.__('from %1 of %2 values, drawn at random', count(weight.sampled), count(weight.elements))}
        </p>
      )}
    </div>
  );
}

function Fact({ label, text }: { label: string; text: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{text}</dd>
    </div>
  );
}

function Histogram({ weight, name }: { weight: WeightStatistics; name: string }) {
  const { histogram, minimum, maximum } = weight;
  if (minimum === null || maximum === null || histogram.length === 0) {
    return null;
  }
  const label = trans.__('Histogram of %1: from %2 to %3', name, value(minimum), value(maximum));
  const zero = -minimum / (maximum - minimum);
  return (
    <>
      <svg
        className="layerlab-histogram"
        viewBox={`0 0 ${histogram.length} 1`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        <path d={barsPath(histogram)} />
        {zero > 0 && zero < 1 && (
          <line x1={zero * histogram.length} x2={zero * histogram.length} y1="0" y2="1" />
        )}
      </svg>
      <div className="layerlab-range" aria-hidden="true">
        <span>{value(minimum)}</span>
        <span>{minimum === maximum ? '' : value(maximum)}</span>
      </div>
    </>
  );
}

/** Bars of width 1, the tallest of height 1, in a box whose y points down. */
export function barsPath(counts: readonly number[]): string {
  const tallest = Math.max(1, ...counts);
  return counts
    .map((count, i) => (count > 0 ? `M${i},1V${round(1 - Math.max(0.02, count / tallest))}H${i + 1}V1Z` : ''))
    .join('');
}

function round(number: number): number {
  return Math.round(number * 1e4) / 1e4;
}

/** 0.0312 as 3.1 %. */
export function percent(share: number): string {
  const number = share * 100;
  return `${number > 0 && number < 0.1 ? '< 0.1' : +number.toFixed(1)} %`;
}
