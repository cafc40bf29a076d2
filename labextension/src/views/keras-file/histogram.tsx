/** A small histogram: equal parts of the range of values, the highest bar as high as the picture. */
import type { Statistics } from '../../keras-file/statistics';
import { value } from '../shared/text';
import { trans } from '../shared/trans';

const [WIDTH, HEIGHT] = [110, 22];

export function Histogram({ statistics: { histogram, min, max } }: { statistics: Statistics }) {
  const highest = Math.max(1, ...histogram);
  const width = WIDTH / Math.max(1, histogram.length);
  const label = trans.__('Distribution of the values from %1 to %2', value(min), value(max));
  return (
    <svg className="layerlab-histogram" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {histogram.map((count, bin) => {
        // What occurs at all is seen.
        const height = count === 0 ? 0 : Math.max(1, (count / highest) * HEIGHT);
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: the bars never move
            key={bin}
            x={bin * width}
            y={HEIGHT - height}
            width={Math.max(0, width - 0.5)}
            height={height}
          />
        );
      })}
    </svg>
  );
}
