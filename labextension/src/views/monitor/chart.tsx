/** One chart with its legend, whose numbers are the last values, and a table for those who do not see it. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Run } from '../../kernel/runs';
import { last, type Series } from '../../kernel/series';
import { clip, value } from '../shared/text';
import { readTheme } from '../shared/theme';
import { trans } from '../shared/trans';
import { xAxis } from './axes';
import { type Cursor, CursorView, stepUnder, VARIABLES } from './cursor';
import { Drawer, type PlotArea } from './drawer';
import { best, type Family, type Line, latest } from './families';
import { colours, figure, type View } from './figure';
import type { Happening } from './marks';
import type { DrawOptions } from './options';

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
        <span className="layerlab-chart-name" title={clip(family.name)}>
          {clip(family.name, 60).replaceAll('_', ' ')}
        </span>
        <Legend family={family} run={run} />
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

function Legend({ family, run }: { family: Family; run: Run }) {
  const found = best(family, run);
  return (
    <span className="layerlab-legend">
      {family.lines.map((line, index) => (
        <LegendOf key={line.label} family={family} line={line} index={index} />
      ))}
      {found && (
        <span className="layerlab-legend-item layerlab-legend-best">
          {trans.__('best')} <b>{value(found.value)}</b>{' '}
          <span className="layerlab-faint">{trans.__('epoch %1', found.epoch + 1)}</span>
        </span>
      )}
    </span>
  );
}

function LegendOf({ family, line, index }: { family: Family; line: Line; index: number }) {
  const [training, validation] = colours(family, index, VARIABLES);
  const isOnly = family.lines.length === 1;
  const name = isOnly ? trans.__('training') : clip(line.label, 30);
  return (
    <>
      <span className="layerlab-legend-item">
        <i className="layerlab-swatch" style={{ borderColor: training }} />
        {name} <b>{value(latest(line))}</b>
      </span>
      {line.validation.length > 0 && (
        <span className="layerlab-legend-item">
          <i className="layerlab-swatch layerlab-swatch-dashed" style={{ borderColor: validation }} />
          {isOnly ? trans.__('validation') : trans.__('val.')} <b>{value(last(line.validation))}</b>
        </span>
      )}
    </>
  );
}

function summary(family: Family, run: Run): string {
  const parts = family.lines.map(line => {
    const label = clip(line.label, 60);
    const training = value(latest(line));
    return line.validation.length > 0
      ? trans.__('%1: training %2, validation %3', label, training, value(last(line.validation)))
      : trans.__('%1: training %2', label, training);
  });
  const found = best(family, run);
  return [
    trans.__('Chart over %1 steps', run.step),
    ...parts,
    ...(found ? [trans.__('best %1 in epoch %2', value(found.value), found.epoch + 1)] : [])
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
