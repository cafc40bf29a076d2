/** A small histogram in a row of the table: equal parts of the range of values. */
import type { Statistics } from '../../keras-file/statistics';
import { barsPath } from '../graph/layer-weights';
import { value } from '../shared/text';
import { trans } from '../shared/translation';

export function Histogram({ statistics: { histogram, min, max } }: { statistics: Statistics }) {
  return (
    <svg
      className="layerlab-file-histogram"
      viewBox={`0 0 ${Math.max(1, histogram.length)} 1`}
      preserveAspectRatio="none"
      role="img"
      aria-label={trans.__('Distribution of the values from %1 to %2', value(min), value(max))}
    >
      <path d={barsPath(histogram)} />
    </svg>
  );
}
