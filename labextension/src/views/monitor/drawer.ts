/** Plotly in an element: loaded when first needed, drawn at most a few times a second. */
import type { Config, PlotlyHTMLElement, PlotRelayoutEvent } from 'plotly.js';
import { onThemeChange } from '../shared/theme';
import type { Figure } from './figure';

type Plotly = typeof import('plotly.js-basic-dist-min').default;

/** Where the plot's axes are in its element, in pixels, and what the x axis shows (log10 of it, if it is log). */
export type PlotArea = {
  left: number;
  top: number;
  width: number;
  height: number;
  range: readonly [number, number];
  isLog: boolean;
};

export type DrawerEvents = {
  /** The person zoomed or panned; what the x axis shows now. */
  onRange(range: [number, number]): void;
  /** The person wants to see all again. */
  onReset(): void;
  onDrawn(area: PlotArea): void;
};

/** Milliseconds between two drawings of one chart: the page stays free for the person. */
const DRAW_INTERVAL = 200;

const CONFIG: Partial<Config> = {
  displaylogo: false,
  displayModeBar: false,
  responsive: false,
  doubleClick: false
};

/** Draws into `el` when asked, when its size changes and when the theme does. */
export class Drawer {
  private plotly: Plotly | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private drawnAt = 0;
  private isWaiting = false;
  private isDragged = false;
  private isListening = false;
  private readonly lifetime = new AbortController();

  constructor(
    private readonly el: HTMLElement,
    private readonly make: () => Figure,
    private readonly events: DrawerEvents
  ) {
    const { signal } = this.lifetime;
    const resize = new ResizeObserver(() => this.request());
    resize.observe(el);
    const stopTheme = onThemeChange(() => this.request());
    signal.addEventListener('abort', () => {
      resize.disconnect();
      stopTheme();
    });
    // A new drawing would end what the person does with the mouse.
    el.addEventListener('pointerdown', () => this.setDragged(true), { capture: true, signal });
    for (const end of ['pointerup', 'pointercancel'] as const) {
      window.addEventListener(end, () => this.setDragged(false), { capture: true, signal });
    }
    void import('plotly.js-basic-dist-min').then(module => {
      this.plotly = module.default;
      this.request();
    });
  }

  /** Draw soon, once, from the state of then. */
  request(): void {
    const { signal } = this.lifetime;
    if (this.timer === undefined && !this.isWaiting && !signal.aborted && this.plotly !== null) {
      const wait = Math.max(0, this.drawnAt + DRAW_INTERVAL - performance.now());
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.isWaiting = true;
        drawInTurn(() => this.draw());
      }, wait);
    }
  }

  dispose(): void {
    this.lifetime.abort();
    clearTimeout(this.timer);
    this.plotly?.purge(this.el);
  }

  private draw(): void {
    this.isWaiting = false;
    const { clientWidth: width, clientHeight: height } = this.el;
    // Of no size: in a hidden tab or a collapsed output. The observer tells when that changes.
    if (this.plotly === null || this.isDragged || this.lifetime.signal.aborted || width * height === 0) {
      return;
    }
    this.drawnAt = performance.now();
    const { data, layout } = this.make();
    void this.plotly.react(this.el, data, { ...layout, width, height }, CONFIG);
    if (isPlot(this.el)) {
      this.listen(this.el);
      this.events.onDrawn(areaOf(this.el));
    }
  }

  private listen(plot: Plot): void {
    if (!this.isListening) {
      this.isListening = true;
      plot.on('plotly_relayout', change => this.relaid(change));
      plot.on('plotly_doubleclick', () => this.events.onReset());
    }
  }

  private relaid(change: PlotRelayoutEvent): void {
    const [from, to] = [change['xaxis.range[0]'], change['xaxis.range[1]']];
    if (typeof from === 'number' && typeof to === 'number' && isPlot(this.el)) {
      const { isLog } = areaOf(this.el);
      this.events.onRange(isLog ? [10 ** from, 10 ** to] : [from, to]);
    }
  }

  private setDragged(isDragged: boolean): void {
    if (this.isDragged !== isDragged) {
      this.isDragged = isDragged;
      this.request();
    }
  }
}

/** Charts take turns, one in a frame: drawn all in one they would hold the page up. */
function drawInTurn(draw: () => void): void {
  turns.push(draw);
  if (turns.length === 1) {
    requestAnimationFrame(nextTurn);
  }
}

function nextTurn(): void {
  try {
    turns[0]?.();
  } finally {
    turns.shift();
    if (turns.length > 0) {
      requestAnimationFrame(nextTurn);
    }
  }
}

const turns: (() => void)[] = [];

/** What is read of plotly's inner layout, which its types leave out. */
type Plot = PlotlyHTMLElement & {
  _fullLayout: { xaxis: Axis & { range: [number, number]; type: string }; yaxis: Axis };
};
type Axis = { _offset: number; _length: number };

function isPlot(el: HTMLElement): el is Plot {
  return '_fullLayout' in el && 'on' in el;
}

function areaOf({ _fullLayout: { xaxis, yaxis } }: Plot): PlotArea {
  return {
    left: xaxis._offset,
    top: yaxis._offset,
    width: xaxis._length,
    height: yaxis._length,
    range: [Number(xaxis.range[0]), Number(xaxis.range[1])],
    isLog: xaxis.type === 'log'
  };
}
