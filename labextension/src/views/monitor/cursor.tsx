/** The step that is looked at: a line through all charts, and which step it is. The legends give its values. */
import { useMemo, useSyncExternalStore } from 'react';
import type { Run } from '../../kernel/runs';
import { clip, count, duration } from '../shared/text';
import { trans } from '../shared/translation';
import { epochAt, secondsAt, type XAxis } from './axes';
import type { DrawOptions } from './chart-options';
import type { PlotArea } from './drawer';
import type { Happening } from './marks';
import type { Family } from './metric-families';
import { numberOf, readings, stepAt } from './readings';

/** Which step is looked at, if any. Not React's state: following the mouse must not draw the whole monitor. */
export class Cursor {
  step: number | null = null;
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  move(step: number | null): void {
    if (step !== this.step) {
      this.step = step;
      for (const listener of [...this.listeners]) {
        listener();
      }
    }
  }
}

/** Pixels within which a mark belongs to the step. */
const NEAR = 5;

type CursorViewProps = {
  cursor: Cursor;
  area: PlotArea;
  axis: XAxis;
  family: Family;
  run: Run;
  happenings: readonly Happening[];
  options: DrawOptions;
};

export function CursorView(props: CursorViewProps) {
  const { cursor, area, axis, family, run, happenings, options } = props;
  const step = useSyncExternalStore(cursor.subscribe, () => cursor.step);
  const found = useMemo(
    () => readings(family, run, step, step === null ? 0 : options.smoothing),
    [family, run, step, options.smoothing]
  );
  const x = step === null ? null : pixels(area, axis.at(step));
  const isShown = step !== null && x !== null && x >= -1 && x <= area.width + 1;
  const nearby = isShown
    ? happenings.filter(item => Math.abs((pixels(area, axis.at(item.step)) ?? -99) - x) <= NEAR)
    : [];
  const spoken = [
    where(run, step ?? run.step),
    ...found.map(reading => `${clip(reading.label, 60)} ${numberOf(family, reading.value)}`),
    ...nearby.map(item => item.text)
  ].join(', ');
  return (
    <>
      {/* Arrow keys move through the steps, and the values are read out. */}
      <div
        className="layerlab-cursor-keys"
        style={{ left: area.left, top: area.top, width: area.width, height: area.height }}
        role="slider"
        tabIndex={0}
        aria-label={trans.__('Step in the chart of %1', clip(family.name, 60))}
        aria-valuemin={0}
        aria-valuemax={run.step}
        aria-valuenow={step ?? run.step}
        aria-valuetext={spoken}
        onKeyDown={event => {
          const next = stepAfter(event.key, event.shiftKey, step ?? run.step, run.step);
          if (next !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) {
            cursor.move(next);
            event.preventDefault();
            event.stopPropagation();
          }
        }}
        onBlur={() => cursor.move(null)}
      />
      {isShown && (
        <>
          <div
            className="layerlab-cursor-line"
            style={{ left: area.left + x, top: area.top, height: area.height }}
          />
          <div
            className="layerlab-tip"
            // Below the axis, where it hides no data, and never beyond the chart's ends.
            style={{
              left: area.left + x,
              top: area.top + area.height + 4,
              transform: `translateX(${(-100 * x) / area.width}%)`
            }}
            aria-hidden="true"
          >
            <div className="layerlab-tip-head">{where(run, step)}</div>
            {nearby.slice(-4).map(item => (
              <div
                className={`layerlab-tip-mark layerlab-tone-${item.tone}`}
                key={`${item.time} ${item.text}`}
              >
                <span>{item.symbol}</span> {clip(item.text, 90)}
              </div>
            ))}
          </div>
        </>
      )}
    </>
  );
}

/** The colours of series as CSS knows them: they follow the theme by themselves. */
export const VARIABLES = [1, 2, 3, 4, 5, 6].map(number => `var(--layerlab-series-${number})`);

/** The step under the mouse; null outside of the axes. */
export function stepUnder(
  mouse: { x: number; y: number },
  area: PlotArea,
  axis: XAxis,
  run: Run
): number | null {
  const x = mouse.x - area.left;
  const y = mouse.y - area.top;
  if (x < 0 || y < 0 || x > area.width || y > area.height) {
    return null;
  }
  const [from, to] = area.range;
  const place = from + (x / area.width) * (to - from);
  return stepAt(run, axis, area.isLog ? 10 ** place : place);
}

/** Pixels from the left end of the axis; null where a logarithmic one has no place. */
function pixels({ range: [from, to], width, isLog }: PlotArea, place: number): number | null {
  const x = isLog ? Math.log10(place) : place;
  return Number.isFinite(x) ? ((x - from) / (to - from)) * width : null;
}

function where(run: Run, step: number): string {
  const epoch = Math.min(run.epochs, Math.max(run.initialEpoch + 1, Math.ceil(epochAt(run, step))));
  return trans.__('step %1 · epoch %2 · %3', count(step), epoch, duration(secondsAt(run, step)));
}

/** The step after a key: an arrow goes on by a hundredth of the run, with Shift by one step. */
function stepAfter(key: string, isShift: boolean, step: number, last: number): number | null | undefined {
  const stride = isShift ? 1 : Math.max(1, Math.round(last / 100));
  switch (key) {
    case 'ArrowLeft':
      return Math.max(0, step - stride);
    case 'ArrowRight':
      return Math.min(last, step + stride);
    case 'Home':
      return 0;
    case 'End':
      return last;
    case 'Escape':
      return null;
    default:
      return undefined;
  }
}
