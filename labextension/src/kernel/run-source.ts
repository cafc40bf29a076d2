/** Where a view gets a run from: followed live, or read once from a saved output. */
import type { ChartOptions, Command, Results, RunBundle } from '../protocol';
import { decodeEvents } from './decode';
import { emptyRun, type Run, reduceAll } from './runs';

/**
 * How the picture relates to the kernel: `static` was saved and is final, `connecting` waits for the
 * first answer, `live` moves, `ended` is complete, `stale` is the last that is known.
 */
export type Link =
  | { kind: 'static' | 'connecting' | 'live' | 'ended' }
  | { kind: 'waiting' | 'stale'; message: string };

export type RunState = {
  readonly run: Run;
  readonly link: Link;
  /** How the run wants its charts drawn, where it says so. */
  readonly charts?: ChartOptions | null;
};

/** What a view may ask of a run: a command without the run's id, which the source knows. */
export type Steering = WithoutRun<Extract<Command, { method: Order; run_id: string }>>;

/** The commands that return nothing. */
type Order = { [M in keyof Results]: Results[M] extends null ? M : never }[keyof Results];

type WithoutRun<C> = C extends unknown ? Omit<C, 'run_id'> : never;

export interface RunSource {
  /** A new object when something changed, else the same. */
  readonly state: RunState;
  /** Call `listener` after each change; returns how to end that. */
  subscribe(listener: () => void): () => void;
  /** Whether somebody looks: a hidden view is served more slowly. */
  watch(isVisible: boolean, signal: AbortSignal): (isVisible: boolean) => void;
  /** Null where there is nothing to steer. Rejects with a message for the person. */
  readonly steer: ((command: Steering) => Promise<void>) | null;
}

/** A run that will not change. */
export function staticSource(run: Run, link: Link, charts: ChartOptions | null = null): RunSource {
  return { state: { run, link, charts }, subscribe: () => () => {}, watch: () => () => {}, steer: null };
}

/** The run that a saved output holds. `message` says why it is not the end of the story, if so. */
export function savedSource(bundle: RunBundle, message = ''): RunSource {
  const run = reduceAll(emptyRun, decodeEvents(bundle.events));
  return staticSource(run, isOver(run) ? { kind: 'static' } : { kind: 'stale', message }, bundle.charts);
}

/** Whether all of the run is told. */
export function isOver({ status }: Run): boolean {
  return status === 'finished' || status === 'stopped' || status === 'failed';
}
