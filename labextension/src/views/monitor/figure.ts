/**
 * A family of values as plotly's data and layout: pure, so that it can be tested without a browser.
 * Plotly reads HTML in its texts, so no name from outside is given to it.
 */
import type { Data, Layout, LayoutAxis, Shape } from 'plotly.js';
import type { Run } from '../../kernel/runs';
import type { Series } from '../../kernel/series';
import type { Theme } from '../shared/theme';
import { indexFrom, type XAxis, xAxis } from './axes';
import type { DrawOptions } from './chart-options';
import { decimate, smooth } from './decimate';
import type { Happening, Tone } from './marks';
import { best, type Family, type Line } from './metric-families';

/** What part of the x axis all charts show, in its unit (null: all of it), and what dragging does. */
export type View = {
  range: readonly [number, number] | null;
  drag: 'zoom' | 'pan';
  /** Another number forgets how single charts were zoomed. */
  revision: number;
};

export type Figure = { data: Data[]; layout: Partial<Layout> };

export type FigureArguments = {
  family: Family;
  run: Run;
  happenings: readonly Happening[];
  options: DrawOptions;
  view: View;
  theme: Theme;
};

/** Points drawn of one series: twice the pixels of a wide chart. */
const MAX_POINTS = 1_500;
/** More epochs than this are drawn without markers, which would hide the line. */
const MAX_MARKERS = 60;
/** Of the batches, the part at each end that may lie outside of the chart, as in the picture that is saved. */
const OUTLIERS = 0.02;
/** A chart that they would make this many times as high is drawn without them. */
const FLATTENED = 3;
/** Up to this many steps each has its own tick. */
const SINGLE_STEPS = 7;
/** Symbols of marks nearer than this part of the axis would cover each other. */
const LABEL_WIDTH = 0.03;

export function figure({ family, run, happenings, options, view, theme }: FigureArguments): Figure {
  const axis = xAxis(run, options.x_axis);
  const points = (series: Series) => placed(series, axis, view.range);
  const found = best(family, run);
  const batchPoints = (line: Line, series: Series) =>
    line.isRunningMean ? apartByEpoch(points(series), axis, run.epochStarts) : points(series);
  const data = family.lines.flatMap((line, index): Data[] => {
    const [training, validation] = colours(family, index, theme.series);
    const isSmooth = options.smoothing > 0;
    const raw = batchTrace('batch', batchPoints(line, line.batches), training, isSmooth ? 0.22 : 0.5, 1);
    const smoothed = isSmooth
      ? [
          batchTrace(
            'smoothed',
            batchPoints(line, smooth(line.batches, options.smoothing)),
            training,
            0.8,
            1.5
          )
        ]
      : [];
    return [
      raw,
      ...smoothed,
      epochTrace('training', points(line.training), training),
      epochTrace('validation', points(line.validation), validation)
    ];
  });
  const ring = found ? [bestTrace(axis.at(found.step), found.value, theme)] : [];
  return {
    data: [...data, ...ring],
    layout: withRange(layout(axis, run, happenings, options, view, theme), data, options.log_y)
  };
}

/** With a y axis that shows what plotly's own choice would hide. */
function withRange(drawn: Partial<Layout>, data: readonly Data[], isLog: boolean): Partial<Layout> {
  const valuesOf = (isBatch: boolean) =>
    data
      .filter(trace => (trace.name === 'batch') === isBatch)
      .flatMap(trace => ('y' in trace ? (trace.y as (number | null)[]) : []))
      .filter((y): y is number => Number.isFinite(y));
  const ends = roomOf(valuesOf(true), valuesOf(false), isLog);
  const range = isLog ? ends?.map(Math.log10) : ends;
  return range?.every(Number.isFinite) ? { ...drawn, yaxis: { ...drawn.yaxis, range } } : drawn;
}

/**
 * Ends of the y axis: for a value that does not change, which plotly would show between -1 and 1 of it, and where a
 * few batches far off would flatten all else, which a logarithmic axis has room for. Null: as plotly does.
 */
function roomOf(
  batches: readonly number[],
  others: readonly number[],
  isLog: boolean
): [number, number] | null {
  const sorted = [...batches].sort((a, b) => a - b);
  const cut = Math.floor(sorted.length * OUTLIERS);
  const all = [...sorted, ...others];
  const inner = [...sorted.slice(cut, sorted.length - cut), ...others];
  const [low, high] = ends(all);
  if (low === high && low !== 0) {
    return low > 0 ? [0.5 * low, 1.5 * low] : [1.5 * low, 0.5 * low];
  }
  const [innerLow, innerHigh] = ends(inner);
  const size = innerHigh - innerLow;
  if (isLog || others.length === 0 || size === 0 || high - low <= FLATTENED * size) {
    return null;
  }
  return [innerLow - 0.06 * size, innerHigh + 0.06 * size];
}

function ends(values: readonly number[]): [number, number] {
  return values.reduce(
    ([low, high], y) => [Math.min(low, y), Math.max(high, y)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  );
}

/** Training and validation: two colours for one quantity, one and the same (dashed) for each of several. */
export function colours(family: Family, index: number, series: readonly string[]): [string, string] {
  const at = (i: number) => series[i % series.length] as string;
  return family.lines.length > 1 ? [at(index), at(index)] : [at(0), at(1)];
}

type Points = { x: number[]; y: (number | null)[] };

/** The points of a series on the axis, of what is in sight and one more at each side. */
function placed(series: Series, axis: XAxis, range: View['range']): Points {
  const start = range === null ? 0 : Math.max(0, indexFrom(series, range[0], axis.at) - 1);
  const end =
    range === null ? series.length : Math.min(series.length, indexFrom(series, range[1], axis.at) + 1);
  const { x, y } = decimate(series, MAX_POINTS, start, Math.max(start, end));
  return { x: x.map(axis.at), y };
}

/** With a gap where an epoch begins: a mean that starts anew is no jump of the value. */
function apartByEpoch({ x, y }: Points, axis: XAxis, starts: Series): Points {
  const parted: Points = { x: [], y: [] };
  let next = 0;
  for (const [i, place] of x.entries()) {
    let isNewEpoch = false;
    while (next < starts.length && axis.at(starts.x[next] as number) < place) {
      isNewEpoch = true;
      next += 1;
    }
    if (isNewEpoch && i > 0) {
      parted.x.push(place);
      parted.y.push(null);
    }
    parted.x.push(place);
    parted.y.push(y[i] as number | null);
  }
  return parted;
}

function batchTrace(name: string, { x, y }: Points, color: string, opacity: number, width: number): Data {
  return { type: 'scatter', mode: 'lines', name, x, y, opacity, line: { color, width }, hoverinfo: 'skip' };
}

function epochTrace(name: 'training' | 'validation', { x, y }: Points, color: string): Data {
  const isTraining = name === 'training';
  return {
    type: 'scatter',
    mode: x.length <= MAX_MARKERS ? 'lines+markers' : 'lines',
    name,
    x,
    y,
    line: { color, width: 2.5, dash: isTraining ? 'solid' : 'dash' },
    marker: { color, size: isTraining ? 6 : 7, symbol: isTraining ? 'circle' : 'diamond' },
    hoverinfo: 'skip'
  };
}

function bestTrace(x: number, y: number, theme: Theme): Data {
  return {
    type: 'scatter',
    mode: 'markers',
    name: 'best',
    x: [x],
    y: [y],
    marker: { color: 'rgba(0,0,0,0)', size: 14, symbol: 'circle', line: { color: theme.best, width: 2.5 } },
    hoverinfo: 'skip'
  };
}

function layout(
  axis: XAxis,
  run: Run,
  happenings: readonly Happening[],
  options: DrawOptions,
  view: View,
  theme: Theme
): Partial<Layout> {
  const common = {
    gridcolor: theme.grid,
    linecolor: theme.grid,
    zeroline: false,
    automargin: true,
    tickfont: { size: 11, color: theme.faint }
  };
  const toAxis = (x: number) => (options.log_x ? Math.log10(x) : x);
  const lines = onAxis(happenings, axis, options.log_x);
  const span = view.range ?? [axis.at(0), Math.max(axis.at(run.step), axis.at(0) + 1e-9)];
  return {
    autosize: false,
    margin: { l: 8, r: 14, t: 16, b: 8 },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { family: theme.font, size: 12, color: theme.text },
    hovermode: false,
    dragmode: view.drag,
    showlegend: false,
    uirevision: 'same',
    xaxis: {
      ...common,
      type: options.log_x ? 'log' : 'linear',
      title: { text: axis.title, standoff: 4, font: { size: 11, color: theme.faint } },
      showgrid: false,
      ticks: 'outside',
      tickcolor: theme.grid,
      ...(options.x_axis === 'step'
        ? ticks(options.log_x, ',d', {
            ...(span[1] - span[0] <= SINGLE_STEPS ? { dtick: 1 } : { nticks: 7 }),
            exponentformat: 'SI'
          })
        : ticks(options.log_x, '.3~g', { nticks: 7 })),
      ...(view.range === null
        ? { autorange: true, rangemode: options.log_x ? 'normal' : 'tozero' }
        : { autorange: false, range: view.range.map(toAxis) }),
      // The range is ours, shared by all charts: what plotly remembers of it is forgotten with each change.
      uirevision: JSON.stringify([view.range, options.x_axis, options.log_x])
    },
    yaxis: {
      ...common,
      type: options.log_y ? 'log' : 'linear',
      ...ticks(options.log_y, '.3~g', { nticks: 6, exponentformat: 'power', minexponent: 5 }),
      uirevision: `${view.revision} ${options.log_y}`
    },
    shapes: lines.map(line => markLine(line.x, colourOf(line.tone, theme))),
    annotations: apart(lines, span).map(line => ({
      x: toAxis(line.x),
      y: 1,
      yref: 'paper',
      yanchor: 'bottom',
      text: line.symbol,
      showarrow: false,
      font: { size: 11, color: colourOf(line.tone, theme) }
    }))
  };
}

/** Plotly writes the ticks within a decade as lone small digits unless it is told a format. */
function ticks(isLog: boolean, format: string, linear: Partial<LayoutAxis>): Partial<LayoutAxis> {
  return isLog ? { nticks: 5, tickformat: format } : linear;
}

type MarkLine = { x: number; symbol: string; tone: Tone };

/** One line for each step at which something happened, with the symbol of what is gravest. */
function onAxis(happenings: readonly Happening[], axis: XAxis, isLog: boolean): MarkLine[] {
  const lines = new Map<number, MarkLine>();
  for (const { step, symbol, tone } of happenings) {
    const known = lines.get(step);
    if (known === undefined || GRAVITY[tone] >= GRAVITY[known.tone]) {
      lines.set(step, { x: axis.at(step), symbol, tone });
    }
  }
  return [...lines.values()].filter(({ x }) => !isLog || x > 0);
}

const GRAVITY = { faint: 0, plain: 1, warning: 2, error: 3 } as const;

/** The lines whose symbols have room, the newest first. */
function apart(lines: readonly MarkLine[], [from, to]: readonly [number, number]): MarkLine[] {
  const kept: MarkLine[] = [];
  for (const line of [...lines].reverse()) {
    if (kept.every(other => Math.abs(other.x - line.x) > LABEL_WIDTH * (to - from))) {
      kept.push(line);
    }
  }
  return kept;
}

function colourOf(tone: Tone, theme: Theme): string {
  return tone === 'plain' ? theme.text : theme[tone];
}

function markLine(x: number, color: string): Partial<Shape> {
  return {
    type: 'line',
    x0: x,
    x1: x,
    y0: 0,
    y1: 1,
    yref: 'paper',
    layer: 'below',
    opacity: 0.4,
    line: { color, width: 1, dash: 'dot' }
  };
}
