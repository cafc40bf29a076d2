/** The training of one model: its runs in a list, and the curves of the one that is chosen. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { OverviewSource } from '../kernel/kernel-overview';
import type { RunSource } from '../kernel/run-source';
import type { RunInfo } from '../protocol';
import { describeRun } from './run-text';
import { reasonText } from './shared/error-reason';
import { mount } from './shared/mount';
import { clip } from './shared/text';
import { trans } from './shared/translation';

/** Draws a run into an element until the signal is aborted; the monitor, or what stands for it in a test. */
export type DrawRun = (source: RunSource, el: HTMLElement, signal: AbortSignal) => void;

export type CurvesArguments = {
  modelId: string;
  overview: OverviewSource;
  follow: (runId: string) => Promise<RunSource | null>;
  draw: DrawRun;
  el: HTMLElement;
  signal: AbortSignal;
};

/** Draw the model's runs into `el` until `signal` is aborted. */
export function render({ el, signal, ...curves }: CurvesArguments): void {
  mount(el, signal, <Curves {...curves} />);
}

type CurvesProps = Omit<CurvesArguments, 'el' | 'signal'>;

function Curves({ modelId, overview, follow, draw }: CurvesProps) {
  const subscribe = useCallback((listener: () => void) => overview.subscribe(listener), [overview]);
  const { runs: all, link } = useSyncExternalStore(subscribe, () => overview.state);
  const runs = useKept(
    all.filter(run => run.model_id === modelId),
    link === 'live'
  );
  const [chosen, setChosen] = useState<string | null>(null);
  // The newest, until the person chooses: a training that begins comes to the front by itself.
  const shown = runs.find(run => run.run_id === chosen) ?? runs[0];
  if (shown === undefined) {
    return (
      <p className="layerlab layerlab-empty">
        {link === 'asking' || link === 'silent'
          ? trans.__('Asking the kernel …')
          : trans.__('This model has not been trained yet. Its curves appear here when fit begins.')}
      </p>
    );
  }
  return (
    <div className="layerlab layerlab-curves">
      {runs.length > 1 && (
        <label className="layerlab-choice">
          {trans.__('Training run')}
          <select value={shown.run_id} onChange={event => setChosen(event.target.value)}>
            {runs.map(run => (
              <option key={run.run_id} value={run.run_id}>
                {describeRun(run)}
              </option>
            ))}
          </select>
        </label>
      )}
      <RunView key={shown.run_id} runId={shown.run_id} follow={follow} draw={draw} />
    </div>
  );
}

/** The newest list that came from a kernel that answered: a restart must not take away what is being looked at. */
function useKept(runs: readonly RunInfo[], isCurrent: boolean): readonly RunInfo[] {
  const kept = useRef(runs);
  if (isCurrent) {
    kept.current = runs;
  }
  return kept.current;
}

function RunView({ runId, follow, draw }: { runId: string } & Pick<CurvesProps, 'follow' | 'draw'>) {
  const place = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    const lifetime = new AbortController();
    const show = async () => {
      const source = await follow(runId);
      if (source === null) {
        throw new Error(trans.__('The kernel of this run is gone.'));
      }
      const el = document.createElement('div');
      if (!lifetime.signal.aborted) {
        place.current?.replaceChildren(el);
        draw(source, el, lifetime.signal);
      }
    };
    show().catch(error => setProblem(clip(reasonText(error), 300)));
    return () => lifetime.abort();
  }, [runId, follow, draw]);
  return (
    <>
      {problem !== '' && (
        <p className="layerlab-empty" role="status">
          {problem}
        </p>
      )}
      <div ref={place} />
    </>
  );
}
