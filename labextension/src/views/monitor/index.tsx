/** The fit monitor: a run's state, progress, curves and advice. */
import {
  type KeyboardEvent,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore
} from 'react';
import type { Link, RunSource } from '../../kernel/run-source';
import type { Run } from '../../kernel/runs';
import type { ChartOptions } from '../../protocol';
import { mount } from '../shared/mount';
import { clip } from '../shared/text';
import { trans } from '../shared/translation';
import { Chart } from './chart';
import { type DrawOptions, differences, drawOptions, type OptionsSource } from './chart-options';
import { Controls } from './controls';
import { Cursor } from './cursor';
import type { View } from './figure';
import { Happenings } from './happenings';
import { Header, isReachable } from './header';
import { happenings } from './marks';
import { families } from './metric-families';
import { Messages } from './run-messages';
import { commandOf, SHORTCUTS, useWheel, type Wheel } from './steering';

export type MonitorArguments = {
  source: RunSource;
  el: HTMLElement;
  signal: AbortSignal;
  /** Shows a button that opens the run somewhere else. */
  onOpen?: (() => void) | null;
  /** How charts are drawn where neither the run nor the person says anything. */
  settings?: OptionsSource | null;
};

/** Draw the run into `el` until `signal` is aborted. */
export function render({ source, el, signal, onOpen = null, settings = null }: MonitorArguments): void {
  mount(el, signal, <Monitor source={source} onOpen={onOpen} settings={settings} />);
}

type MonitorProps = {
  source: RunSource;
  onOpen: (() => void) | null;
  settings: OptionsSource | null;
};

function Monitor({ source, onOpen, settings }: MonitorProps) {
  const {
    run,
    link,
    charts: wanted
  } = useSyncExternalStore(
    listener => source.subscribe(listener),
    () => source.state
  );
  const root = useVisibility(source);
  const [options, choose] = useOptions(settings, wanted ?? NO_WISHES);
  const [view, setView] = useState<View>({ range: null, drag: 'zoom', revision: 0 });
  const cursor = useRef(new Cursor()).current;
  const charts = useMemo(() => families(run), [run]);
  const told = useMemo(() => happenings(run), [run]);
  const isActive = (run.status === 'running' || run.status === 'paused') && isReachable(link);
  const isAwaited = isActive || (run.status === 'empty' && link.kind === 'connecting');
  const wheel = useWheel(isActive ? source.steer : null, run);
  return (
    <section
      className="layerlab layerlab-monitor"
      ref={root}
      aria-label={trans.__('Training of %1', clip(run.modelName, 60))}
      aria-keyshortcuts={wheel ? SHORTCUTS : undefined}
      // Focused by a click, so that the keys work: those of the notebook that it does not know go on to it.
      tabIndex={-1}
      onPointerDown={event => {
        // Plotly keeps the focus from following the mouse.
        if ((event.target as HTMLElement).closest('.layerlab-plot-frame') !== null) {
          root.current?.focus({ preventScroll: true });
        }
      }}
      onKeyDown={event => wheel && steerByKey(event, run, wheel)}
    >
      <Header run={run} link={link} wheel={wheel} onOpen={onOpen} />
      <Messages run={run} link={link} />
      {charts.length > 0 ? (
        <>
          <div className="layerlab-charts">
            {charts.map(family => (
              <Chart
                key={family.name}
                family={family}
                run={run}
                happenings={told}
                options={options}
                view={view}
                cursor={cursor}
                onRange={range => setView({ ...view, range })}
                onReset={() => setView({ ...view, range: null, revision: view.revision + 1 })}
              />
            ))}
          </div>
          <Controls
            options={options}
            view={view}
            onOptions={changed => {
              const isSameAxis = changed.x_axis === options.x_axis && changed.log_x === options.log_x;
              choose(changed);
              setView(isSameAxis ? view : { ...view, range: null });
            }}
            onView={setView}
          />
        </>
      ) : (
        <p className={`layerlab-empty${isAwaited ? ' layerlab-awaiting' : ''}`}>
          {emptyText(run.status === 'empty' ? link.kind : 'live', run.backend)}
        </p>
      )}
      <Happenings happenings={told} />
    </section>
  );
}

const NO_WISHES = {};

/** The options in force, and how to choose others. */
function useOptions(
  settings: OptionsSource | null,
  initial: Partial<ChartOptions>
): [DrawOptions, (changed: DrawOptions) => void] {
  const subscribe = useCallback(
    (listener: () => void) => settings?.subscribe(listener) ?? (() => {}),
    [settings]
  );
  const wanted = useSyncExternalStore(subscribe, () => settings?.current);
  const [chosen, setChosen] = useState<Partial<DrawOptions>>({});
  const options = useMemo(() => drawOptions(wanted, initial, chosen), [wanted, initial, chosen]);
  return [options, changed => setChosen({ ...chosen, ...differences(options, changed) })];
}

/** Obey a key, unless it is meant for a field or a button, or comes with Ctrl, Alt or Meta. */
function steerByKey(event: KeyboardEvent, run: Run, wheel: Wheel): void {
  const target = event.target as HTMLElement;
  const isModified = event.ctrlKey || event.altKey || event.metaKey || event.shiftKey;
  const isTyped = target.closest('input, select, textarea') !== null;
  const isPressed =
    target.closest('button, summary') !== null && (event.key === ' ' || event.key === 'Enter');
  if (isTyped || isPressed) {
    event.stopPropagation(); // the notebook would take it for one of its own
    return;
  }
  const command = isModified || event.repeat ? null : commandOf(event.key, run);
  if (command !== null) {
    event.preventDefault();
    event.stopPropagation();
    void wheel.send(command);
  }
}

function emptyText(kind: Link['kind'], backend: string): string {
  switch (kind) {
    case 'connecting':
      return trans.__('Asking the kernel …');
    case 'live':
      return backend === 'jax'
        ? trans.__('Waiting for the first step: the model is being compiled, once for all steps …')
        : trans.__('Waiting for the first step …');
    case 'waiting':
      return trans.__('Waiting for the kernel …');
    case 'stale':
      return trans.__('Nothing of this run was saved.');
    default:
      return trans.__('This run has no recorded steps.');
  }
}

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
