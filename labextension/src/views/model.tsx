/** A model: its name, and tabs with the graph and the summary. */
import { lazy, Suspense, useId, useState } from 'react';
import type { ModelBundle } from '../protocol';
import { Icon } from './shared/icons';
import { mount } from './shared/mount';
import { clip, count } from './shared/text';
import { SummaryView } from './summary';

const GraphView = lazy(() => import('./graph'));

export type Tab = 'graph' | 'summary';

export type ModelArguments = {
  model: ModelBundle;
  el: HTMLElement;
  signal: AbortSignal;
  /** Fills its container instead of being as high as its content. */
  fills?: boolean;
  /** Shows a button that opens the model somewhere else. */
  onOpen?: (() => void) | null;
  tab?: Tab;
};

/** Draw the model into `el` until `signal` is aborted. */
export function render({
  model,
  el,
  signal,
  fills = false,
  onOpen = null,
  tab = 'graph'
}: ModelArguments): void {
  mount(el, signal, <Model model={model} fills={fills} onOpen={onOpen} firstTab={tab} />);
}

type ModelProps = { model: ModelBundle; fills: boolean; onOpen: (() => void) | null; firstTab: Tab };

const TABS: readonly [Tab, string][] = [
  ['graph', 'Graph'],
  ['summary', 'Summary']
];

function Model({ model, fills, onOpen, firstTab }: ModelProps) {
  const [tab, setTab] = useState<Tab>(firstTab);
  const id = useId();
  return (
    <section
      className={`layerlab layerlab-model${fills ? ' layerlab-fills' : ''}`}
      aria-label={`Model ${clip(model.name)}`}
    >
      <header className="layerlab-head-row">
        <div className="layerlab-tabs" role="tablist">
          {TABS.map(([name, title]) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`${id}-${name}`}
              aria-selected={tab === name}
              aria-controls={`${id}-panel`}
              onClick={() => setTab(name)}
            >
              {title}
            </button>
          ))}
        </div>
        <span className="layerlab-title" title={clip(model.name)}>
          {clip(model.name)}
        </span>
        <span className="layerlab-subtitle">
          {`${clip(model.class_name, 60)} · ${count(model.summary.parameters)} parameters`}
        </span>
        {onOpen && (
          <button
            type="button"
            className="layerlab-button layerlab-open"
            onClick={onOpen}
            title="Open beside the notebook"
          >
            <Icon name="panel" /> Open in panel
          </button>
        )}
      </header>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${tab}`} className="layerlab-tab">
        {tab === 'graph' ? (
          <Suspense fallback={<p className="layerlab-empty">Loading the graph view …</p>}>
            <GraphView graph={model.graph} fills={fills} />
          </Suspense>
        ) : (
          <SummaryView summary={model.summary} />
        )}
      </div>
    </section>
  );
}
