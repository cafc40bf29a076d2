/** Above the charts: what trains, how far it is, and what steers it. */
import { useEffect, useState } from 'react';
import type { Link } from '../../kernel/run-source';
import { elapsedSeconds, progress, remainingSeconds, samplesPerSecond } from '../../kernel/run-speed';
import type { Run } from '../../kernel/runs';
import { Icon } from '../shared/icons';
import { clip, count, duration } from '../shared/text';
import { trans } from '../shared/translation';
import { LearningRate } from './learning-rate';
import { Buttons, type Wheel } from './steering';

type HeaderProps = { run: Run; link: Link; wheel: Wheel | null; onOpen: (() => void) | null };

export function Header({ run, link, wheel, onOpen }: HeaderProps) {
  const isMoving = run.status === 'running' && isReachable(link);
  return (
    <header className="layerlab-head">
      <div className="layerlab-head-row">
        <Chip run={run} link={link} />
        <span className="layerlab-title" title={clip(run.modelName)}>
          {clip(run.modelName) || trans.__('Training run')}
        </span>
        <span className="layerlab-subtitle" title={subtitle(run)}>
          {subtitle(run)}
        </span>
        {onOpen && link.kind !== 'stale' && (
          <button
            type="button"
            className="layerlab-button layerlab-button-quiet"
            onClick={onOpen}
            title={trans.__('Open beside the notebook')}
          >
            <Icon name="panel" /> {trans.__('Open in panel')}
          </button>
        )}
        {/* Beside the name, which does not change: whoever aims at Stop must not see it move. */}
        {run.status !== 'empty' && wheel && <Buttons run={run} wheel={wheel} />}
      </div>
      {run.status !== 'empty' && (
        <>
          <Progress run={run} isMoving={isMoving} />
          <Facts run={run} isMoving={isMoving} wheel={wheel} />
          <p className="layerlab-problem" role="alert">
            {wheel?.problem}
          </p>
        </>
      )}
    </header>
  );
}

/** Whether the kernel is there to be steered. */
export function isReachable(link: Link): boolean {
  return link.kind === 'live' || link.kind === 'waiting';
}

/** The state in one word; of a run whose kernel is gone in mid-run nobody knows more than that it is stale. */
export function stateOf(run: Run, link: Link): keyof typeof STATES {
  const isOver = run.status === 'finished' || run.status === 'failed' || run.status === 'stopped';
  if (link.kind === 'stale' && !isOver) {
    return 'stale';
  }
  return run.status === 'empty' ? 'waiting' : run.status;
}

const STATES = {
  waiting: () => trans.__('waiting'),
  running: () => trans.__('running'),
  paused: () => trans.__('paused'),
  stopped: () => trans.__('stopped'),
  failed: () => trans.__('failed'),
  finished: () => trans.__('finished'),
  stale: () => trans.__('stale')
} as const;

function Chip({ run, link }: { run: Run; link: Link }) {
  const state = stateOf(run, link);
  return (
    <span className={`layerlab-chip layerlab-chip-${state}`} role="status">
      {STATES[state]()}
    </span>
  );
}

function subtitle(run: Run): string {
  const parts = [run.modelClass, run.optimizer, run.backend]
    .filter(part => part !== '')
    .map(part => clip(part, 40));
  return [...parts, ...(run.parameters > 0 ? [trans.__('%1 parameters', count(run.parameters))] : [])].join(
    ' · '
  );
}

function Progress({ run, isMoving }: { run: Run; isMoving: boolean }) {
  const done = progress(run);
  const percent = done === null ? undefined : Math.round(done * 1000) / 10;
  const isUnknown = percent === undefined && isMoving;
  return (
    <div
      className={`layerlab-progress layerlab-progress-${run.status}${isUnknown ? ' layerlab-progress-unknown' : ''}`}
      role="progressbar"
      aria-label={trans.__('Training progress')}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <div className="layerlab-progress-bar" style={{ width: `${percent ?? (isUnknown ? 30 : 0)}%` }} />
    </div>
  );
}

function Facts({ run, isMoving, wheel }: { run: Run; isMoving: boolean; wheel: Wheel | null }) {
  const rate = samplesPerSecond(run);
  const since = useSecondsSince(run.updated, isMoving);
  const facts: [string, string][] = [
    [trans.__('epoch'), `${count(epochNumber(run))} / ${count(run.epochs)}`],
    [
      trans.__('step'),
      run.stepsPerEpoch ? `${count(run.epochStep)} / ${count(run.stepsPerEpoch)}` : count(run.epochStep)
    ],
    [trans.__('samples/s'), rate === null ? '–' : count(rate)],
    [trans.__('elapsed'), duration(elapsedSeconds(run) + since)],
    ...(isMoving || run.status === 'paused'
      ? [[trans.__('remaining'), duration(remainingSeconds(run))] as [string, string]]
      : [])
  ];
  return (
    <dl className="layerlab-facts">
      {facts.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
      <LearningRate run={run} wheel={wheel} />
    </dl>
  );
}

function epochNumber(run: Run): number {
  return Math.min(run.epochs, Math.max(run.epoch + 1, run.epochsDone));
}

/** Seconds since `moment` changed, by this page's clock: the kernel's may be another. */
function useSecondsSince(moment: number, isMoving: boolean): number {
  const [seconds, setSeconds] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: counts anew from each new moment
  useEffect(() => {
    setSeconds(0);
    if (!isMoving) {
      return;
    }
    const start = performance.now();
    const timer = setInterval(() => setSeconds((performance.now() - start) / 1000), 1000);
    return () => clearInterval(timer);
  }, [moment, isMoving]);
  return seconds;
}
