/** Above the charts: what trains, how far it is, and the buttons that steer it. */
import { useEffect, useState } from 'react';
import type { Run } from '../../kernel/runs';
import type { Link, Steering } from '../../kernel/source';
import { elapsedSeconds, progress, remainingSeconds, samplesPerSecond } from '../../kernel/speed';
import { Icon } from '../shared/icons';
import { clip, count, duration, value } from '../shared/text';

type Method = 'pause' | 'resume' | 'step' | 'stop';

export type Steer = (command: Steering) => Promise<void>;

type HeaderProps = { run: Run; link: Link; steer: Steer | null; onOpen: (() => void) | null };

export function Header({ run, link, steer, onOpen }: HeaderProps) {
  const isActive = run.status === 'running' || run.status === 'paused';
  const isReachable = link.kind === 'live' || link.kind === 'waiting';
  const isMoving = run.status === 'running' && isReachable;
  return (
    <header className="layerlab-head">
      <div className="layerlab-head-row">
        <Chip run={run} link={link} />
        <span className="layerlab-title" title={clip(run.modelName)}>
          {clip(run.modelName) || 'Training run'}
        </span>
        <span className="layerlab-subtitle">{subtitle(run)}</span>
        <span className="layerlab-buttons">
          {steer && isActive && isReachable && <Buttons run={run} steer={steer} />}
          {onOpen && link.kind !== 'stale' && (
            <button
              type="button"
              className="layerlab-button"
              onClick={onOpen}
              title="Open beside the notebook"
            >
              <Icon name="panel" /> Open in panel
            </button>
          )}
        </span>
      </div>
      {run.status !== 'empty' && (
        <>
          <Progress run={run} isMoving={isMoving} />
          <Facts run={run} isMoving={isMoving} />
        </>
      )}
    </header>
  );
}

/** The state in one word; of a run whose kernel is gone in mid-run nobody knows more than that it is stale. */
export function stateOf(run: Run, link: Link): string {
  const isOver = run.status === 'finished' || run.status === 'failed' || run.status === 'stopped';
  if (link.kind === 'stale' && !isOver) {
    return 'stale';
  }
  return run.status === 'empty' ? 'waiting' : run.status;
}

function Chip({ run, link }: { run: Run; link: Link }) {
  const state = stateOf(run, link);
  return <span className={`layerlab-chip layerlab-chip-${state}`}>{state}</span>;
}

function subtitle(run: Run): string {
  const parts = [run.modelClass, run.optimizer, run.backend]
    .filter(part => part !== '')
    .map(part => clip(part, 40));
  return [...parts, ...(run.parameters > 0 ? [`${count(run.parameters)} parameters`] : [])].join(' · ');
}

function Progress({ run, isMoving }: { run: Run; isMoving: boolean }) {
  const done = progress(run);
  const percent = done === null ? undefined : Math.round(done * 1000) / 10;
  const isUnknown = percent === undefined && isMoving;
  return (
    <div
      className={`layerlab-progress layerlab-progress-${run.status}${isUnknown ? ' layerlab-progress-unknown' : ''}`}
      role="progressbar"
      aria-label="Training progress"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <div className="layerlab-progress-bar" style={{ width: `${percent ?? (isUnknown ? 30 : 0)}%` }} />
    </div>
  );
}

function Facts({ run, isMoving }: { run: Run; isMoving: boolean }) {
  const rate = samplesPerSecond(run);
  const since = useSecondsSince(run.updated, isMoving);
  const facts: [string, string][] = [
    ['epoch', `${epochNumber(run)} / ${run.epochs}`],
    ['step', run.stepsPerEpoch ? `${run.epochStep} / ${run.stepsPerEpoch}` : count(run.epochStep)],
    ['samples/s', rate === null ? '–' : count(rate)],
    ['elapsed', duration(elapsedSeconds(run) + since)],
    ...(isMoving ? [['remaining', duration(remainingSeconds(run))] as [string, string]] : []),
    ['learning rate', value(run.learningRate)]
  ];
  return (
    <dl className="layerlab-facts">
      {facts.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
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

function Buttons({ run, steer }: { run: Run; steer: Steer }) {
  const [pending, setPending] = useState<Method | null>(null);
  const [problem, setProblem] = useState('');
  const isPaused = run.status === 'paused';
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new state, or a step made, is the command's effect
  useEffect(() => setPending(null), [run.status, run.marks.length]);

  const send = async (method: Method) => {
    setPending(method);
    setProblem('');
    try {
      await steer({ method });
      // A step at the end of a pause leaves the state as it was.
      if (method === 'step') {
        setPending(null);
      }
    } catch (error) {
      setPending(null);
      setProblem(error instanceof Error ? clip(error.message) : 'The kernel did not take the command.');
    }
  };
  const button = (method: Method, label: string, title: string, isDisabled = false) => (
    <button
      type="button"
      className={`layerlab-button layerlab-button-${method}`}
      title={title}
      disabled={isDisabled || pending !== null}
      onClick={() => void send(method)}
    >
      <Icon name={method} />
      {pending === method ? `${label} …` : label}
    </button>
  );
  return (
    <>
      <span className="layerlab-problem" role="status">
        {problem}
      </span>
      {isPaused
        ? button('resume', 'Resume', 'Go on training')
        : button('pause', 'Pause', 'Hold the run before its next step')}
      {button('step', 'Step', 'Train one step, then pause', !isPaused)}
      {button('stop', 'Stop', 'End the run after this step; fit returns what was reached')}
    </>
  );
}
