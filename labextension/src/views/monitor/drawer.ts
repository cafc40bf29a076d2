/** Plotly in an element: loaded when first needed, drawn at most a few times a second. */
import type { Config } from 'plotly.js';
import { onThemeChange } from '../shared/theme';
import type { Figure } from './figure';

type Plotly = typeof import('plotly.js-basic-dist-min').default;

/** Milliseconds between two drawings of one chart: the page stays free for the person. */
const DRAW_INTERVAL = 200;

const CONFIG: Partial<Config> = {
  displaylogo: false,
  displayModeBar: false,
  responsive: false,
  doubleClick: 'reset'
};

/** Draws into `el` when asked, when its size changes and when the theme does. */
export class Drawer {
  private plotly: Plotly | null = null;
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private drawnAt = 0;
  private isDisposed = false;
  private readonly resize: ResizeObserver;
  private readonly stopTheme: () => void;

  constructor(
    private readonly el: HTMLElement,
    private readonly make: () => Figure
  ) {
    this.resize = new ResizeObserver(() => this.request());
    this.resize.observe(el);
    this.stopTheme = onThemeChange(() => this.request());
    void import('plotly.js-basic-dist-min').then(module => {
      this.plotly = module.default;
      this.request();
    });
  }

  /** Draw soon, once, from the state of then. */
  request(): void {
    if (this.timer === undefined && this.frame === 0 && !this.isDisposed && this.plotly !== null) {
      const wait = Math.max(0, this.drawnAt + DRAW_INTERVAL - performance.now());
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.frame = requestAnimationFrame(() => this.draw());
      }, wait);
    }
  }

  dispose(): void {
    this.isDisposed = true;
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
    this.resize.disconnect();
    this.stopTheme();
    this.plotly?.purge(this.el);
  }

  private draw(): void {
    this.frame = 0;
    this.drawnAt = performance.now();
    const { clientWidth: width, clientHeight: height } = this.el;
    // Of no size: in a hidden tab or a collapsed output. The observer tells when that changes.
    if (this.plotly !== null && width > 0 && height > 0) {
      const { data, layout } = this.make();
      void this.plotly.react(this.el, data, { ...layout, width, height }, CONFIG);
    }
  }
}
