/** The fit monitor: a run's state, progress, curves and advice. */
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { RunSource } from '../../kernel/source';
import type { ChartOptions } from '../../protocol';
import { mount } from '../shared/mount';
import { Chart } from './chart';
import { families } from './families';
import { Header } from './header';
import { Messages } from './messages';
import { type DrawOptions, drawOptions, MAX_SMOOTHING } from './options';

export type MonitorArguments = {
  source: RunSource;
  el: HTMLElement;
  signal: AbortSignal;
  /** Shows a button that opens the run somewhere else. */
  onOpen?: (() => void) | null;
  /** How the charts are drawn until the person chooses otherwise. */
  options?: Partial<ChartOptions>;
};

/** Draw the run into `el` until `signal` is aborted. */
export function render({ source, el, signal, onOpen = null, options = {} }: MonitorArguments): void {
  mount(el, signal, <Monitor source={source} onOpen={onOpen} initial={options} />);
}

type MonitorProps = {
  source: RunSource;
  onOpen: (() => void) | null;
  initial: Partial<ChartOptions>;
};

function Monitor({ source, onOpen, initial }: MonitorProps) {
  const { run, link } = useSyncExternalStore(
    listener => source.subscribe(listener),
    () => source.state
  );
  const root = useVisibility(source);
  const [options, setOptions] = useState<DrawOptions>(() => drawOptions(initial));
  const charts = useMemo(() => families(run), [run]);
  return (
    <section
      className="layerlab layerlab-monitor"
      ref={root}
      aria-label={`Training of ${run.modelName.slice(0, 60)}`}
    >
      <Header run={run} link={link} steer={source.steer} onOpen={onOpen} />
      <Messages run={run} link={link} />
      {charts.length > 0 ? (
        <>
          <div className="layerlab-charts">
            {charts.map(family => (
              <Chart key={family.name} family={family} run={run} options={options} />
            ))}
          </div>
          <Controls options={options} onChange={setOptions} />
        </>
      ) : (
        <p className="layerlab-empty">
          {run.status === 'empty' ? EMPTY[link.kind] : 'Waiting for the first step …'}
        </p>
      )}
    </section>
  );
}

const EMPTY = {
  static: 'This run has no recorded steps.',
  connecting: 'Asking the kernel …',
  live: 'Waiting for the first step …',
  waiting: 'Waiting for the kernel …',
  ended: 'This run has no recorded steps.',
  stale: 'Nothing of this run was saved.'
} as const;

/** Tell the source whether the view can be seen: scrolled away or in a hidden tab, it is served slowly. */
function useVisibility(source: RunSource) {
  const root = useRef<HTMLElement>(null);
  useEffect(() => {
    const el = root.current;
    if (el === null) {
      return;
    }
    const lifetime = new AbortController();
    const setVisible = source.watch(true, lifetime.signal);
    const observer = new IntersectionObserver(entries =>
      setVisible(entries.some(entry => entry.isIntersecting))
    );
    observer.observe(el);
    return () => {
      observer.disconnect();
      lifetime.abort();
    };
  }, [source]);
  return root;
}

function Controls({ options, onChange }: { options: DrawOptions; onChange: (options: DrawOptions) => void }) {
  return (
    <div className="layerlab-controls">
      <label>
        smoothing
        <input
          type="range"
          min={0}
          max={MAX_SMOOTHING}
          step={0.01}
          value={options.smoothing}
          onChange={event => onChange({ ...options, smoothing: Number(event.target.value) })}
        />
        <output>{options.smoothing.toFixed(2)}</output>
      </label>
      <label>
        <input
          type="checkbox"
          checked={options.log_y}
          onChange={event => onChange({ ...options, log_y: event.target.checked })}
        />
        logarithmic
      </label>
      <span className="layerlab-faint layerlab-hint">drag to zoom, double-click to reset</span>
    </div>
  );
}
