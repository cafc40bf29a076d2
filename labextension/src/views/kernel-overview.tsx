/** The list of a kernel's training runs and models, each of which can be opened. */
import { useCallback, useSyncExternalStore } from 'react';
import { isActive, nothingYet, type Overview, type OverviewSource } from '../kernel/kernel-overview';
import type { ModelInfo, RunInfo } from '../protocol';
import { epochText, lossText, minuteText, statusText, timeText } from './run-text';
import { mount } from './shared/mount';
import { clip, count } from './shared/text';
import { trans } from './shared/translation';

export type ModelView = 'graph' | 'summary' | 'curves';

/** Whose models and runs are listed. */
export type Place = {
  /** The notebook's name, null if no notebook is open. */
  readonly notebook: string | null;
  /** `none` has no kernel, `dead` had one. */
  readonly kernel: 'none' | 'dead' | 'alive';
  readonly overview: OverviewSource | null;
};

export interface PlaceSource {
  /** A new object when it is another place, else the same. */
  readonly state: Place;
  subscribe(listener: () => void): () => void;
}

export type OverviewArguments = {
  place: PlaceSource;
  onOpenModel: (modelId: string, view: ModelView) => void;
  onOpenRun: (runId: string) => void;
  el: HTMLElement;
  signal: AbortSignal;
};

/** Draw the list into `el` until `signal` is aborted. */
export function render({ el, signal, ...list }: OverviewArguments): void {
  mount(el, signal, <OverviewList {...list} />);
}

function OverviewList({ place, onOpenModel, onOpenRun }: Omit<OverviewArguments, 'el' | 'signal'>) {
  const followPlace = useCallback((listener: () => void) => place.subscribe(listener), [place]);
  const { notebook, kernel, overview } = useSyncExternalStore(followPlace, () => place.state);
  const follow = useCallback(
    (listener: () => void) => overview?.subscribe(listener) ?? (() => {}),
    [overview]
  );
  const { link, models, runs } = useSyncExternalStore(follow, () => overview?.state ?? nothingYet);
  const message = explain({ notebook, kernel, overview }, link, models.length + runs.length === 0);
  return (
    <section className="layerlab layerlab-overview" aria-label={trans.__('Models and training runs')}>
      {notebook !== null && (
        <p className="layerlab-overview-place" title={clip(notebook)}>
          {clip(notebook, 60)}
        </p>
      )}
      {message !== '' && (
        <p className="layerlab-empty" role="status">
          {message}
        </p>
      )}
      {runs.length > 0 && (
        <>
          <h2>{trans.__('Training runs')}</h2>
          <ul>
            {runs.map(run => (
              <RunRow key={run.run_id} run={run} onOpen={onOpenRun} />
            ))}
          </ul>
        </>
      )}
      {models.length > 0 && (
        <>
          <h2>{trans.__('Models')}</h2>
          <ul>
            {models.map(model => (
              <ModelRow key={model.model_id} model={model} onOpen={onOpenModel} />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** Why the list is empty, or old; '' when there is nothing to say. */
export function explain(place: Place, link: Overview['link'], isEmpty: boolean): string {
  if (place.notebook === null) {
    return trans.__('Open a notebook: the models and training runs of its kernel are listed here.');
  }
  if (place.kernel === 'dead') {
    return trans.__('The kernel died. Restart it and run the cells again.');
  }
  if (place.kernel === 'none' || link === 'gone') {
    return trans.__('This notebook has no kernel. Run a cell to start one.');
  }
  switch (link) {
    case 'asking':
      return trans.__('Asking the kernel …');
    case 'silent':
      return trans.__('The kernel does not answer at the moment.');
    case 'restarted':
      return trans.__('The kernel was restarted. Run the cells again to see their models and runs.');
    case 'no_layerlab':
      return trans.__(
        'This kernel has no models of layerlab yet. They appear here when a cell shows or trains one.'
      );
    case 'live':
      return isEmpty ? trans.__('No models and no training runs yet.') : '';
  }
}

function RunRow({ run, onOpen }: { run: RunInfo; onOpen: (runId: string) => void }) {
  const facts = [epochText(run), lossText(run)];
  return (
    <li>
      <button
        type="button"
        className="layerlab-row"
        title={trans.__('Open the curves of this run')}
        onClick={() => onOpen(run.run_id)}
      >
        <span className="layerlab-row-head">
          <b>{clip(run.model_name, 60)}</b>
          <span className={`layerlab-chip layerlab-chip-${run.status}`}>{statusText(run.status)}</span>
        </span>
        <span className="layerlab-row-facts">
          <span>{facts.filter(fact => fact !== '').join(' · ')}</span>
          <time title={timeText(run.started)}>{minuteText(run.started)}</time>
        </span>
        {isActive(run) && run.done !== null && (
          <progress
            className="layerlab-row-progress"
            value={run.done}
            aria-label={trans.__('Training progress')}
          />
        )}
      </button>
    </li>
  );
}

function ModelRow({ model, onOpen }: { model: ModelInfo; onOpen: OverviewArguments['onOpenModel'] }) {
  const name = clip(model.name, 60);
  const views: [ModelView, string, string][] = [
    ['graph', trans.__('Graph'), trans.__('Open the graph of %1', name)],
    ['summary', trans.__('Summary'), trans.__('Open the summary of %1', name)],
    ['curves', trans.__('Curves'), trans.__('Open the curves of %1', name)]
  ];
  return (
    <li className="layerlab-row">
      <span className="layerlab-row-head">
        <b title={clip(model.name)}>{name}</b>
        <span className="layerlab-faint">{clip(model.class_name, 40)}</span>
      </span>
      <span className="layerlab-row-facts">
        <span>{trans.__('%1 parameters', count(model.parameters))}</span>
      </span>
      <span className="layerlab-row-views">
        {views.map(([view, title, label]) => (
          <button
            key={view}
            type="button"
            className="layerlab-button"
            aria-label={label}
            title={label}
            onClick={() => onOpen(model.model_id, view)}
          >
            {title}
          </button>
        ))}
      </span>
    </li>
  );
}
