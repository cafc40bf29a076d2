/** One chart with its name, its best epoch and its legend, and a table for those who do not see it. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Run } from '../../kernel/runs';
import type { Series } from '../../kernel/series';
import { clip } from '../shared/text';
import { readTheme } from '../shared/theme';
import { trans } from '../shared/translation';
import { indexFrom, xAxis } from './axes';
import type { DrawOptions } from './chart-options';
import { type Cursor, CursorView, stepUnder } from './cursor';
import { Drawer, type PlotArea } from './drawer';
import { figure, type View } from './figure';
import { Legend } from './legend';
import type { Happening } from './marks';
import { best, epochOf, type Family } from './metric-families';
import { numberOf, readings } from './readings';

/** Rows of the hidden table. */
const TABLE_ROWS = 20;

type ChartProps = {
  family: Family;
  run: Run;
  happenings: readonly Happening[];
  options: DrawOptions;
  view: View;
  cursor: Cursor;
  onRange: (range: [number, number]) => void;
  onReset: () => void;
};

export function Chart(props: ChartProps) {
  const { family, run, happenings, options, view, cursor } = props;
  const plot = useRef<HTMLDivElement>(null);
  const newest = useRef(props);
  newest.current = props;
  const drawer = useRef<Drawer | null>(null);
  const [area, setArea] = useState<PlotArea | null>(null);
  const axis = useMemo(() => xAxis(run, options.x_axis), [run, options.x_axis]);

  useEffect(() => {
    const el = plot.current;
    if (el === null) {
      return;
    }
    const current = new Drawer(el, () => figure({ ...newest.current, theme: readTheme(el) }), {
      onRange: range => newest.current.onRange(range),
      onReset: () => newest.current.onReset(),
      onDrawn: drawn => setArea(known => (isSame(known, drawn) ? known : drawn))
    });
    drawer.current = current;
    return () => current.dispose();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew when one of these changed
  useEffect(() => drawer.current?.request(), [family, run, options, view]);

  return (
    <figure className="layerlab-chart">
      <figcaption className="layerlab-chart-head">
        <div className="layerlab-chart-title">
          <span className="layerlab-chart-name" title={clip(family.name)}>
            {clip(family.name, 60).replaceAll('_', ' ')}
          </span>
          <BestEpoch family={family} run={run} />
        </div>
        <Legend family={family} run={run} cursor={cursor} smoothing={options.smoothing} />
      </figcaption>
      <div
        className="layerlab-plot-frame"
        onPointerMove={event => {
          if (area !== null && plot.current !== null) {
            const box = plot.current.getBoundingClientRect();
            const mouse = { x: event.clientX - box.left, y: event.clientY - box.top };
            cursor.move(event.buttons === 0 ? stepUnder(mouse, area, axis, run) : null);
          }
        }}
        onPointerLeave={() => cursor.move(null)}
      >
        <div className="layerlab-plot" ref={plot} role="img" aria-label={summary(family, run)} />
        {area && (
          <CursorView
            cursor={cursor}
            area={area}
            axis={axis}
            family={family}
            run={run}
            happenings={happenings}
            options={options}
          />
        )}
      </div>
      <ValueTable family={family} run={run} />
    </figure>
  );
}

function isSame(one: PlotArea | null, other: PlotArea): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function BestEpoch({ family, run }: { family: Family; run: Run }) {
  const found = best(family, run);
  return (
    found && (
      <span className="layerlab-best">
        {trans.__('best')} <b>{numberOf(family, found.value)}</b>{' '}
        <span className="layerlab-faint">{trans.__('epoch %1', found.epoch + 1)}</span>
      </span>
    )
  );
}

function summary(family: Family, run: Run): string {
  const found = best(family, run);
  return [
    trans.__('Chart over %1 steps', run.step),
    ...readings(family, run, null, 0).map(
      ({ label, value }) => `${clip(label, 60)} ${numberOf(family, value)}`
    ),
    ...(found ? [trans.__('best %1 in epoch %2', numberOf(family, found.value), found.epoch + 1)] : [])
  ].join('; ');
}

/** The epoch values for those who do not see the chart. */
function ValueTable({ family, run }: { family: Family; run: Run }) {
  const ends = [
    ...new Set(family.lines.flatMap(line => [...steps(line.training), ...steps(line.validation)]))
  ];
  const shown = ends.sort((a, b) => a - b).slice(-TABLE_ROWS);
  return (
    <table className="layerlab-hidden">
      <caption>{trans.__('%1, last epochs', clip(family.name, 60))}</caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('epoch')}</th>
          {family.lines.flatMap(line => [
            <th scope="col" key={`${line.label} t`}>
              {trans.__('%1, training', clip(line.label, 60))}
            </th>,
            <th scope="col" key={`${line.label} v`}>
              {trans.__('%1, validation', clip(line.label, 60))}
            </th>
          ])}
        </tr>
      </thead>
      <tbody>
        {shown.map(step => (
          <tr key={step}>
            <th scope="row">{epochOf(run, step) + 1}</th>
            {family.lines.flatMap(line => [
              <td key={`${line.label} t`}>{numberOf(family, at(line.training, step))}</td>,
              <td key={`${line.label} v`}>{numberOf(family, at(line.validation, step))}</td>
            ])}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The last steps of a series that may have a row. */
function steps({ x, length }: Series): readonly number[] {
  return x.slice(Math.max(0, length - TABLE_ROWS), length);
}

function at(series: Series, step: number): number | undefined {
  const index = indexFrom(series, step);
  return index < series.length && series.x[index] === step ? series.y[index] : undefined;
}
