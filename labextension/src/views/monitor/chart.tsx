/** One chart with its legend, whose numbers are the last values, and a table for those who do not see it. */
import { useEffect, useRef } from 'react';
import type { Run } from '../../kernel/runs';
import { last, type Series } from '../../kernel/series';
import { clip, value } from '../shared/text';
import { readTheme } from '../shared/theme';
import { Drawer } from './drawer';
import { best, type Family, type Line, latest } from './families';
import { colours, figure } from './figure';
import type { DrawOptions } from './options';

/** Rows of the hidden table. */
const TABLE_ROWS = 20;

export function Chart({ family, run, options }: { family: Family; run: Run; options: DrawOptions }) {
  const plot = useRef<HTMLDivElement>(null);
  const latestProps = useRef({ family, run, options });
  latestProps.current = { family, run, options };
  const drawer = useRef<Drawer | null>(null);

  useEffect(() => {
    const el = plot.current;
    if (el === null) {
      return;
    }
    const current = new Drawer(el, () => {
      const props = latestProps.current;
      return figure(props.family, props.run, props.options, readTheme(el));
    });
    drawer.current = current;
    return () => current.dispose();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew when one of these changed
  useEffect(() => drawer.current?.request(), [family, run, options]);

  return (
    <figure className="layerlab-chart">
      <figcaption className="layerlab-chart-head">
        <span className="layerlab-chart-name" title={clip(family.name)}>
          {clip(family.name, 60).replaceAll('_', ' ')}
        </span>
        <Legend family={family} run={run} />
      </figcaption>
      <div className="layerlab-plot" ref={plot} role="img" aria-label={summary(family, run)} />
      <ValueTable family={family} run={run} />
    </figure>
  );
}

function Legend({ family, run }: { family: Family; run: Run }) {
  const found = best(family, run);
  return (
    <span className="layerlab-legend">
      {family.lines.map((line, index) => (
        <LegendOf key={line.label} family={family} line={line} index={index} />
      ))}
      {found && (
        <span className="layerlab-legend-item layerlab-legend-best">
          best {value(found.value)} <span className="layerlab-faint">epoch {found.epoch + 1}</span>
        </span>
      )}
    </span>
  );
}

function LegendOf({ family, line, index }: { family: Family; line: Line; index: number }) {
  const [training, validation] = colours(family, index, VARIABLES);
  const isOnly = family.lines.length === 1;
  const name = isOnly ? (family.goal === null ? 'value' : 'training') : clip(line.label, 30);
  return (
    <>
      <span className="layerlab-legend-item">
        <i className="layerlab-swatch" style={{ borderColor: training }} />
        {name} <b>{value(latest(line))}</b>
      </span>
      {line.validation.length > 0 && (
        <span className="layerlab-legend-item">
          <i className="layerlab-swatch layerlab-swatch-dashed" style={{ borderColor: validation }} />
          {isOnly ? 'validation' : 'val.'} <b>{value(last(line.validation))}</b>
        </span>
      )}
    </>
  );
}

/** The colours of series as CSS knows them: the legend follows the theme by itself. */
const VARIABLES = [1, 2, 3, 4, 5, 6].map(number => `var(--layerlab-series-${number})`);

function summary(family: Family, run: Run): string {
  const parts = family.lines.map(line => {
    const validation = line.validation.length > 0 ? `, validation ${value(last(line.validation))}` : '';
    return `${clip(line.label, 60)}: training ${value(latest(line))}${validation}`;
  });
  const found = best(family, run);
  return [
    `Chart over ${run.step} steps`,
    ...parts,
    ...(found ? [`best ${value(found.value)} in epoch ${found.epoch + 1}`] : [])
  ].join('; ');
}

/** The epoch values for those who do not see the chart. */
function ValueTable({ family, run }: { family: Family; run: Run }) {
  const epochs = Math.max(
    0,
    ...family.lines.map(line => Math.max(line.training.length, line.validation.length))
  );
  const first = Math.max(0, epochs - TABLE_ROWS);
  return (
    <table className="layerlab-hidden">
      <caption>{`${clip(family.name, 60)}, last epochs`}</caption>
      <thead>
        <tr>
          <th scope="col">epoch</th>
          {family.lines.flatMap(line => [
            <th scope="col" key={`${line.label} t`}>{`${clip(line.label, 60)}, training`}</th>,
            <th scope="col" key={`${line.label} v`}>{`${clip(line.label, 60)}, validation`}</th>
          ])}
        </tr>
      </thead>
      <tbody>
        {Array.from({ length: epochs - first }, (_, row) => first + row).map(epoch => (
          <tr key={epoch}>
            <th scope="row">{run.initialEpoch + epoch + 1}</th>
            {family.lines.flatMap(line => [
              <td key={`${line.label} t`}>{value(at(line.training, epoch))}</td>,
              <td key={`${line.label} v`}>{value(at(line.validation, epoch))}</td>
            ])}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function at(series: Series, index: number): number | undefined {
  return index < series.length ? series.y[index] : undefined;
}
