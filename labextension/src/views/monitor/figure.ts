/** A family of values as plotly's data and layout: pure, so that it can be tested without a browser. */
import type { Data, Layout, Shape } from 'plotly.js';
import type { Mark, Run } from '../../kernel/runs';
import type { Series } from '../../kernel/series';
import { clip } from '../shared/text';
import type { Theme } from '../shared/theme';
import { decimate, smooth } from './decimate';
import { type Best, best, type Family } from './families';
import type { DrawOptions } from './options';

export type Figure = { data: Data[]; layout: Partial<Layout> };

/** Points drawn of one series: twice the pixels of a wide chart. */
const MAX_POINTS = 1_500;
/** More labelled marks than this would cover each other. */
const MAX_LABELS = 8;

export function figure(family: Family, run: Run, options: DrawOptions, theme: Theme): Figure {
  const found = best(family, run);
  const data = family.lines.flatMap((line, index) => {
    const [training, validation] = colours(family, index, theme.series);
    const name = family.lines.length > 1 ? `${line.label} ` : '';
    return [
      ...batchTraces(line.batches, training, `${name}batch`, options),
      epochTrace(line.training, training, `${name}training`, 'circle', 'solid'),
      epochTrace(line.validation, validation, `${name}validation`, 'diamond', 'dash')
    ];
  });
  return {
    data: [...data, ...(found ? [bestTrace(found, theme)] : [])],
    layout: layout(run, options, theme)
  };
}

/** Training and validation: two colours for one quantity, one and the same (dashed) for each of several. */
export function colours(family: Family, index: number, series: readonly string[]): [string, string] {
  const at = (i: number) => series[i % series.length] as string;
  return family.lines.length > 1 ? [at(index), at(index)] : [at(0), at(1)];
}

/** Plotly reads a little HTML in its texts: names are to be shown as they are. */
export function plainText(text: string): string {
  return clip(text, 60).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function batchTraces(series: Series, color: string, name: string, options: DrawOptions): Data[] {
  const points = decimate(series, MAX_POINTS);
  const raw = lineTrace(points, color, name, options.smoothing > 0 ? 0.25 : 0.55, 1);
  if (options.smoothing <= 0) {
    return [raw];
  }
  const smoothed = lineTrace(smooth(points, options.smoothing), color, `${name} (smoothed)`, 0.75, 1.5);
  return [{ ...raw, hoverinfo: 'skip' }, smoothed];
}

function lineTrace(
  points: { x: number[]; y: number[] },
  color: string,
  name: string,
  opacity: number,
  width: number
): Data {
  return {
    type: 'scatter',
    mode: 'lines',
    name: plainText(name),
    x: points.x,
    y: points.y,
    opacity,
    line: { color, width },
    hovertemplate: hover(name)
  };
}

function epochTrace(
  series: Series,
  color: string,
  name: string,
  symbol: 'circle' | 'diamond',
  dash: 'solid' | 'dash'
): Data {
  const points = decimate(series, MAX_POINTS);
  // Beyond a few dozen epochs the markers would hide the line.
  const isSparse = points.x.length <= 60;
  return {
    type: 'scatter',
    mode: isSparse ? 'lines+markers' : 'lines',
    name: plainText(name),
    x: points.x,
    y: points.y,
    line: { color, width: 2.5, dash },
    marker: { color, size: symbol === 'circle' ? 7 : 8, symbol },
    hovertemplate: hover(name)
  };
}

function bestTrace(found: Best, theme: Theme): Data {
  return {
    type: 'scatter',
    mode: 'markers',
    name: 'best',
    x: [found.step],
    y: [found.value],
    marker: { color: 'rgba(0,0,0,0)', size: 15, symbol: 'circle', line: { color: theme.best, width: 2.5 } },
    hoverinfo: 'skip'
  };
}

function hover(name: string): string {
  return `%{y:.4g}<extra>${plainText(name)}</extra>`;
}

function layout(run: Run, options: DrawOptions, theme: Theme): Partial<Layout> {
  const axis = {
    gridcolor: theme.grid,
    linecolor: theme.grid,
    zeroline: false,
    automargin: true,
    tickfont: { size: 11 }
  };
  const labelled = run.marks.slice(-MAX_LABELS);
  return {
    autosize: false,
    margin: { l: 8, r: 12, t: 18, b: 8 },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { family: theme.font, size: 12, color: theme.text },
    hovermode: 'x unified',
    hoverlabel: { bgcolor: theme.background, bordercolor: theme.grid, font: { color: theme.text } },
    showlegend: false,
    // The same value keeps the person's zoom while points arrive; another scale is another picture.
    uirevision: `${options.log_x} ${options.log_y}`,
    xaxis: {
      ...axis,
      type: options.log_x ? 'log' : 'linear',
      title: { text: 'step', standoff: 4, font: { size: 11, color: theme.faint } },
      rangemode: 'tozero',
      showgrid: false,
      ticks: 'outside',
      tickcolor: theme.grid
    },
    yaxis: { ...axis, type: options.log_y ? 'log' : 'linear', nticks: 6, exponentformat: 'power' },
    shapes: run.marks.map(mark => markLine(mark, theme)),
    annotations: labelled.map(mark => ({
      x: mark.step,
      y: 1,
      yref: 'paper',
      yanchor: 'bottom',
      text: MARKS[mark.kind].symbol,
      hovertext: plainText(mark.text),
      showarrow: false,
      font: { size: 11, color: markColour(mark, theme) }
    }))
  };
}

const MARKS = {
  learning_rate: { symbol: 'LR', tone: 'faint' },
  pause: { symbol: '‖', tone: 'faint' },
  checkpoint: { symbol: '▼', tone: 'faint' },
  stop: { symbol: '■', tone: 'warning' },
  fail: { symbol: '✕', tone: 'error' },
  nan: { symbol: 'NaN', tone: 'error' }
} as const;

function markColour(mark: Mark, theme: Theme): string {
  return theme[MARKS[mark.kind].tone];
}

function markLine(mark: Mark, theme: Theme): Partial<Shape> {
  return {
    type: 'line',
    x0: mark.step,
    x1: mark.step,
    y0: 0,
    y1: 1,
    yref: 'paper',
    layer: 'below',
    line: { color: markColour(mark, theme), width: 1, dash: 'dot' }
  };
}
