/** What the lines of a chart are, and their values: at the step that is looked at, else the newest. */
import { useMemo, useSyncExternalStore } from 'react';
import type { Run } from '../../kernel/runs';
import { clip } from '../shared/text';
import { trans } from '../shared/translation';
import { type Cursor, VARIABLES } from './cursor';
import { colours } from './figure';
import type { Family } from './metric-families';
import { numberOf, type Reading, readings } from './readings';

type LegendProps = { family: Family; run: Run; cursor: Cursor; smoothing: number };

export function Legend({ family, run, cursor, smoothing }: LegendProps) {
  const step = useSyncExternalStore(cursor.subscribe, () => cursor.step);
  const found = useMemo(() => readings(family, run, step, smoothing), [family, run, step, smoothing]);
  const isOnly = family.lines.length === 1;
  // Of several lines the batches would make the legend larger than the chart.
  const shown = isOnly ? found : found.filter(reading => reading.kind !== 'batch');
  return (
    <div className="layerlab-legend">
      {shown.map(reading => (
        <span
          className="layerlab-legend-item"
          key={reading.label}
          title={explanation(family, reading) || undefined}
        >
          <Swatch family={family} reading={reading} />
          {isOnly ? reading.name : nameAmongSeveral(family, reading)} <b>{numberOf(family, reading.value)}</b>
        </span>
      ))}
    </div>
  );
}

function Swatch({ family, reading }: { family: Family; reading: Reading }) {
  const [training, validation] = colours(family, reading.line, VARIABLES);
  const borderColor = reading.kind === 'validation' ? validation : training;
  return <i className={`layerlab-swatch layerlab-swatch-${reading.kind}`} style={{ borderColor }} />;
}

function explanation(family: Family, { kind, line }: Reading): string {
  if (kind !== 'batch') {
    return '';
  }
  return family.lines[line]?.isRunningMean
    ? trans.__('The mean over the epoch so far, after each batch')
    : trans.__('The value of each batch alone');
}

function nameAmongSeveral(family: Family, reading: Reading): string {
  return reading.kind === 'validation' ? trans.__('val.') : clip(family.lines[reading.line]?.label ?? '', 30);
}
