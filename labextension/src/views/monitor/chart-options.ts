/** How charts are drawn: by the person's settings, by what the run asks for, and then by the controls. */
import { type ChartOptions, MOST_SMOOTHING } from '../../protocol';

/** `ChartOptions` with nothing left open. */
export type DrawOptions = { [K in keyof ChartOptions]: NonNullable<ChartOptions[K]> };

export const DEFAULT_OPTIONS: DrawOptions = { smoothing: 0, x_axis: 'step', log_x: false, log_y: false };

/** The person's settings, which may change while charts are shown. */
export interface OptionsSource {
  readonly current: Partial<ChartOptions>;
  /** Call `listener` after each change; returns how to end that. */
  subscribe(listener: () => void): () => void;
}

/** The options of all that are given: later ones count, as far as they say anything. */
export function drawOptions(...given: readonly (Partial<ChartOptions> | null | undefined)[]): DrawOptions {
  const options = { ...DEFAULT_OPTIONS };
  for (const wanted of given) {
    options.smoothing = wanted?.smoothing ?? options.smoothing;
    options.x_axis = wanted?.x_axis ?? options.x_axis;
    options.log_x = wanted?.log_x ?? options.log_x;
    options.log_y = wanted?.log_y ?? options.log_y;
  }
  return { ...options, smoothing: Math.min(MOST_SMOOTHING, Math.max(0, options.smoothing)) };
}

/** What of `changed` differs from `options`: what the person chose, whatever the settings will say. */
export function differences(options: DrawOptions, changed: DrawOptions): Partial<DrawOptions> {
  return Object.fromEntries(
    Object.entries(changed).filter(([name, value]) => options[name as keyof DrawOptions] !== value)
  );
}
