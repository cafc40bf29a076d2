/** A model: its name, and tabs with the graph and the summary. */
import { lazy, Suspense, useCallback, useEffect, useId, useRef, useState, useSyncExternalStore } from 'react';
import type { ModelSource } from '../kernel/model-follower';
import type { ModelBundle } from '../protocol';
import { Icon } from './shared/icons';
import { mount } from './shared/mount';
import { clip, count } from './shared/text';
import { trans } from './shared/translation';
import { SummaryView } from './summary';

const GraphView = lazy(() => import('./graph'));

export type Tab = 'graph' | 'summary';

export type ModelArguments = {
  model: ModelBundle;
  el: HTMLElement;
  signal: AbortSignal;
  /** Follows the model in its kernel while it can be seen. */
  live?: ModelSource | null;
  /** Fills its container instead of being as high as its content. */
  fills?: boolean;
  /** Shows a button that opens what is shown somewhere else. */
  onOpen?: ((tab: Tab) => void) | null;
  /** Which tabs there are, the first one in front. */
  tabs?: readonly Tab[];
};

/** Draw the model into `el` until `signal` is aborted. */
export function render({
  model,
  el,
  signal,
  live = null,
  fills = false,
  onOpen = null,
  tabs = ['graph', 'summary']
}: ModelArguments): void {
  mount(el, signal, <Model saved={model} live={live} fills={fills} onOpen={onOpen} tabs={tabs} />);
}

type ModelProps = {
  saved: ModelBundle;
  live: ModelSource | null;
  fills: boolean;
  onOpen: ((tab: Tab) => void) | null;
  tabs: readonly Tab[];
};

function tabTitle(tab: Tab): string {
  return tab === 'graph' ? trans.__('Graph') : trans.__('Summary');
}

function Model({ saved, live, fills, onOpen, tabs }: ModelProps) {
  const root = useRef<HTMLElement>(null);
  const { model, isLost } = useModel(saved, live, root);
  const [tab, setTab] = useState<Tab>(tabs[0] ?? 'graph');
  const id = useId();
  const subtitle = `${clip(model.class_name, 60)} · ${trans.__('%1 parameters', count(model.summary.parameters))}`;
  return (
    <section
      className={`layerlab layerlab-model${fills ? ' layerlab-fills' : ''}`}
      aria-label={trans.__('Model %1', clip(model.name))}
      ref={root}
    >
      <header className="layerlab-head-row">
        {tabs.length > 1 && <TabList id={id} tabs={tabs} selected={tab} onSelect={setTab} />}
        <span className="layerlab-title" title={clip(model.name)}>
          {clip(model.name)}
        </span>
        <span className="layerlab-subtitle">{subtitle}</span>
        {isLost && fills && (
          <span className="layerlab-subtitle layerlab-lost" role="status">
            {trans.__('Its kernel was restarted, or it was deleted: this is how it was last.')}
          </span>
        )}
        {onOpen && (
          <button
            type="button"
            className="layerlab-button layerlab-open"
            onClick={() => onOpen(tab)}
            title={trans.__('Open beside the notebook')}
          >
            <Icon name="panel" /> {trans.__('Open in panel')}
          </button>
        )}
      </header>
      <div
        className="layerlab-tab"
        {...(tabs.length > 1 && { role: 'tabpanel', id: `${id}-panel`, 'aria-labelledby': `${id}-${tab}` })}
      >
        {tab === 'graph' ? (
          <Suspense fallback={<p className="layerlab-empty">{trans.__('Loading the graph view …')}</p>}>
            <GraphView
              graph={model.graph}
              name={model.name}
              fills={fills}
              describeLayer={live?.describeLayer ?? null}
            />
          </Suspense>
        ) : (
          <SummaryView summary={model.summary} />
        )}
      </div>
    </section>
  );
}

type TabListProps = { id: string; tabs: readonly Tab[]; selected: Tab; onSelect: (tab: Tab) => void };

/** Arrow keys go from tab to tab, and Tab goes on to what the tab shows. */
function TabList({ id, tabs, selected, onSelect }: TabListProps) {
  const list = useRef<HTMLDivElement>(null);
  const go = (by: number) => {
    const next = (tabs.indexOf(selected) + by + tabs.length) % tabs.length;
    list.current?.querySelectorAll('button')[next]?.focus();
    onSelect(tabs[next] ?? selected);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by !== undefined) {
      event.preventDefault();
      event.stopPropagation(); // in a notebook the arrows go from cell to cell
      go(by);
    }
  };
  return (
    <div
      className="layerlab-tabs"
      role="tablist"
      aria-label={trans.__('Views of the model')}
      ref={list}
      onKeyDown={onKeyDown}
    >
      {tabs.map(tab => (
        <button
          key={tab}
          type="button"
          role="tab"
          id={`${id}-${tab}`}
          aria-selected={selected === tab}
          aria-controls={`${id}-panel`}
          tabIndex={selected === tab ? 0 : -1}
          onClick={() => onSelect(tab)}
        >
          {tabTitle(tab)}
        </button>
      ))}
    </div>
  );
}

/** The model as it is now, as far as that can be known; it is asked for only while the view can be seen. */
function useModel(saved: ModelBundle, live: ModelSource | null, root: React.RefObject<HTMLElement | null>) {
  const isVisible = useIsVisible(root);
  const subscribe = useCallback(
    (listener: () => void) => (live !== null && isVisible ? live.subscribe(listener) : () => {}),
    [live, isVisible]
  );
  const state = useSyncExternalStore(subscribe, () => live?.state ?? null);
  const model = state?.model ?? saved;
  return { model: { ...model, graph: useSame(model.graph) }, isLost: state?.link === 'lost' };
}

/** The object of before, if the new one holds the same: a graph that did not change stays where it was moved. */
function useSame<T>(value: T): T {
  const kept = useRef(value);
  if (kept.current !== value && JSON.stringify(kept.current) !== JSON.stringify(value)) {
    kept.current = value;
  }
  return kept.current;
}

function useIsVisible(root: React.RefObject<HTMLElement | null>): boolean {
  const [isVisible, setVisible] = useState(false);
  useEffect(() => {
    const el = root.current;
    if (el === null) {
      return;
    }
    const observer = new IntersectionObserver(entries => setVisible(entries.at(-1)?.isIntersecting ?? false));
    observer.observe(el);
    return () => observer.disconnect();
  }, [root]);
  return isVisible;
}
