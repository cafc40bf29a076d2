/** The person's settings as typed values, whatever their settings file holds. */
import { type ChartOptions, MOST_SMOOTHING } from '../protocol';
import type { OptionsSource } from '../views/monitor/chart-options';

export type Values = {
  readonly sidebar: boolean;
  readonly statusBar: boolean;
  readonly refreshSeconds: number;
  readonly charts: Readonly<Partial<ChartOptions>>;
};

/** The same as in schema/settings.json. */
export const DEFAULTS: Values = {
  sidebar: true,
  statusBar: true,
  refreshSeconds: 1,
  charts: { smoothing: 0, x_axis: 'step', log_x: false, log_y: false }
};

export class Preferences {
  private values = DEFAULTS;
  private readonly listeners = new Set<() => void>();
  private readonly forCharts: OptionsSource;

  constructor() {
    const current = () => this.values.charts;
    this.forCharts = {
      get current() {
        return current();
      },
      subscribe: listener => this.subscribe(listener)
    };
  }

  get current(): Values {
    return this.values;
  }

  /** Those of the charts, for the monitor. */
  get charts(): OptionsSource {
    return this.forCharts;
  }

  /** Call `listener` now and after each change. */
  whenever(listener: (values: Values) => void): void {
    this.subscribe(() => listener(this.values));
    listener(this.values);
  }

  /** Call `listener` after each change; returns how to end that. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** Take over what a settings file holds. */
  update(composite: Readonly<Record<string, unknown>>): void {
    this.values = toValues(composite);
    for (const listener of [...this.listeners]) {
      listener();
    }
  }
}

/** Settings are checked by JupyterLab, but a file may be older than its schema. */
export function toValues(composite: Readonly<Record<string, unknown>>): Values {
  const flag = (name: string, otherwise: boolean) => {
    const value = composite[name];
    return typeof value === 'boolean' ? value : otherwise;
  };
  const number = (name: string, otherwise: number, least: number, most: number) => {
    const value = composite[name];
    return typeof value === 'number' && value >= least && value <= most ? value : otherwise;
  };
  const axis = X_AXES.find(name => name === composite.xAxis) ?? DEFAULTS.charts.x_axis;
  return {
    sidebar: flag('sidebar', DEFAULTS.sidebar),
    statusBar: flag('statusBar', DEFAULTS.statusBar),
    refreshSeconds: number('refreshSeconds', DEFAULTS.refreshSeconds, 0.2, 60),
    charts: {
      smoothing: number('smoothing', 0, 0, MOST_SMOOTHING),
      x_axis: axis ?? 'step',
      log_x: flag('logX', false),
      log_y: flag('logY', false)
    }
  };
}

const X_AXES = ['step', 'epoch', 'time'] as const;
