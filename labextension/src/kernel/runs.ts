/** What the front end knows of a run: a pure fold over its events. */
import type { Diagnostic, Event, FitStarted, StepsFinished } from '../protocol';
import { append, emptySeries, lastX, type Series } from './series';

export type RunStatus = 'empty' | 'running' | 'paused' | 'stopped' | 'failed' | 'finished';

/** Something that happened at a step, drawn as a vertical line. */
export type Mark = {
  kind: 'learning_rate' | 'pause' | 'stop' | 'fail' | 'nan' | 'checkpoint';
  step: number;
  text: string;
};

/** Values per label. A map without prototype: labels come from outside. */
export type SeriesByLabel = Readonly<Record<string, Series>>;

export type Run = {
  id: string;
  status: RunStatus;
  modelName: string;
  modelClass: string;
  backend: string;
  optimizer: string;
  parameters: number;
  epochs: number;
  initialEpoch: number;
  stepsPerEpoch: number | null;
  batchSize: number | null;
  hasValidation: boolean;
  /** The epoch being trained, from 0. */
  epoch: number;
  /** Steps finished in that epoch. */
  epochStep: number;
  /** Steps finished in the run. */
  step: number;
  epochsDone: number;
  learningRate: number | null;
  /** Seconds since the Unix epoch, by the kernel's clock. */
  started: number;
  /** Time of the last event. */
  updated: number;
  /** Seconds of each finished epoch. */
  epochSeconds: readonly number[];
  /** Time and step of the last few moments, newest last: the speed. */
  recent: readonly { time: number; step: number }[];
  /** Over steps: values after each batch. */
  batches: SeriesByLabel;
  /** Over steps: values at the end of each epoch; validation labels carry no 'val_'. */
  training: SeriesByLabel;
  validation: SeriesByLabel;
  marks: readonly Mark[];
  diagnostics: readonly Diagnostic[];
  failure: { error: string; message: string } | null;
  stopReason: string;
};

/** A run of which nothing is known yet. */
export const emptyRun: Run = {
  id: '',
  status: 'empty',
  modelName: '',
  modelClass: '',
  backend: '',
  optimizer: '',
  parameters: 0,
  epochs: 0,
  initialEpoch: 0,
  stepsPerEpoch: null,
  batchSize: null,
  hasValidation: false,
  epoch: 0,
  epochStep: 0,
  step: 0,
  epochsDone: 0,
  learningRate: null,
  started: 0,
  updated: 0,
  epochSeconds: [],
  recent: [],
  batches: {},
  training: {},
  validation: {},
  marks: [],
  diagnostics: [],
  failure: null,
  stopReason: ''
};

/** More advice than this is no advice. */
const MAX_DIAGNOSTICS = 20;
/** A callback may change the learning rate at every step: that is the chart's business, not the marks'. */
const MAX_MARKS = 200;
/** The speed is that of the last few seconds. */
const RECENT_SECONDS = 4;

/** Fold all events into a run. */
export function reduceAll(run: Run, events: readonly Event[]): Run {
  return events.reduce(reduce, run);
}

/** Fold one event into the run it belongs to. */
export function reduce(run: Run, event: Event): Run {
  return { ...fold(run, event), updated: Math.max(run.updated, event.time) };
}

function fold(run: Run, event: Event): Run {
  switch (event.type) {
    case 'fit_started':
      return started(event);
    case 'epoch_started':
      return { ...run, epoch: event.epoch, epochStep: 0, recent: [{ time: event.time, step: event.step }] };
    case 'steps_finished':
      return stepped(run, event);
    case 'validation_finished':
      return { ...run, validation: appendValues(run.validation, event.step, event.logs), recent: [] };
    case 'epoch_finished': {
      const { training, validation } = splitValidation(event.logs);
      return {
        ...run,
        epochsDone: event.epoch + 1,
        stepsPerEpoch: run.stepsPerEpoch ?? (run.epochStep > 0 ? run.epochStep : null),
        epochSeconds: [...run.epochSeconds, event.seconds],
        training: appendValues(run.training, event.step, training),
        // The same values came with validation_finished, unless a callback made them.
        validation: appendValues(run.validation, event.step, validation)
      };
    }
    case 'learning_rate_changed':
      return mark(
        { ...run, learningRate: event.learning_rate },
        'learning_rate',
        event.step,
        learningRateText(event)
      );
    case 'fit_paused':
      return mark({ ...run, status: 'paused', recent: [] }, 'pause', event.step, 'paused');
    case 'fit_resumed':
      return { ...run, status: 'running', recent: [] };
    case 'checkpoint_saved':
      return mark(run, 'checkpoint', event.step, `saved ${event.path}`);
    case 'diagnostic':
      return diagnosed(run, event);
    case 'fit_stopped': {
      const reason = event.message || STOP_REASONS[event.reason];
      return mark({ ...run, status: 'stopped', stopReason: reason }, 'stop', event.step, 'stopped');
    }
    case 'fit_failed': {
      const failure = { error: event.error, message: event.message };
      return mark({ ...run, status: 'failed', failure, step: event.step }, 'fail', event.step, event.error);
    }
    case 'fit_finished':
      return {
        ...run,
        status: run.status === 'stopped' ? 'stopped' : 'finished',
        step: event.step,
        epochsDone: event.epoch
      };
    default:
      return assertNever(event);
  }
}

/** The compiler reaches this only if a case is missing. */
export function assertNever(value: never): never {
  throw new Error(`Not handled: ${JSON.stringify(value)}`);
}

const STOP_REASONS = {
  user: 'You stopped this run',
  callback: 'A callback stopped this run',
  interrupt: 'This run was interrupted'
} as const;

function started(event: FitStarted): Run {
  return {
    ...emptyRun,
    id: event.run_id,
    status: 'running',
    modelName: event.model_name,
    modelClass: event.model_class,
    backend: event.backend,
    optimizer: event.optimizer,
    parameters: event.parameters,
    epochs: event.epochs,
    initialEpoch: event.initial_epoch,
    stepsPerEpoch: event.steps_per_epoch,
    batchSize: event.batch_size,
    hasValidation: event.validation,
    epoch: event.initial_epoch,
    epochsDone: event.initial_epoch,
    learningRate: event.learning_rate,
    started: event.time,
    updated: event.time
  };
}

function stepped(run: Run, event: StepsFinished): Run {
  const step = event.steps.at(-1) ?? run.step;
  const firstNonFinite = run.marks.some(item => item.kind === 'nan') ? undefined : nonFiniteStep(event);
  const next = {
    ...run,
    epoch: event.epoch,
    epochStep: event.epoch_step,
    step,
    recent: [
      ...run.recent.filter(item => item.time > event.time - RECENT_SECONDS),
      { time: event.time, step }
    ],
    batches: mapLabels(run.batches, event.logs, (series, values) => append(series, event.steps, values))
  };
  return firstNonFinite === undefined ? next : mark(next, 'nan', firstNonFinite, 'loss is not finite');
}

function nonFiniteStep(event: StepsFinished): number | undefined {
  const losses = event.logs.batch_loss ?? event.logs.loss ?? [];
  return event.steps[losses.findIndex(value => !Number.isFinite(value))];
}

function diagnosed(run: Run, event: Diagnostic): Run {
  const isKnown = run.diagnostics.some(other => other.code === event.code && other.path === event.path);
  return isKnown ? run : { ...run, diagnostics: [...run.diagnostics, event].slice(-MAX_DIAGNOSTICS) };
}

function mark(run: Run, kind: Mark['kind'], step: number, text: string): Run {
  return { ...run, marks: [...run.marks, { kind, step, text }].slice(-MAX_MARKS) };
}

function learningRateText(event: { learning_rate: number; source: string }): string {
  const value = Number(event.learning_rate.toPrecision(3));
  return `learning rate ${value}${event.source === 'user' ? ' (set by you)' : ''}`;
}

/** Add one value per label at `step`, unless there is one already. */
function appendValues(all: SeriesByLabel, step: number, logs: Record<string, number>): SeriesByLabel {
  return mapLabels(all, logs, (series, value) =>
    lastX(series) === step ? series : append(series, [step], [value])
  );
}

function mapLabels<V>(
  all: SeriesByLabel,
  logs: Record<string, V>,
  add: (series: Series, value: V) => Series
): SeriesByLabel {
  const changed = Object.entries(logs).map(([label, value]) => {
    const series = Object.hasOwn(all, label) ? all[label] : undefined;
    return [label, add(series ?? emptySeries(), value)] as const;
  });
  return Object.fromEntries([...Object.entries(all), ...changed]);
}

function splitValidation(
  logs: Record<string, number>
): Record<'training' | 'validation', Record<string, number>> {
  const isValidation = (label: string) => label.startsWith('val_');
  const entries = Object.entries(logs);
  return {
    training: Object.fromEntries(entries.filter(([label]) => !isValidation(label))),
    validation: Object.fromEntries(
      entries.filter(([label]) => isValidation(label)).map(([label, value]) => [label.slice(4), value])
    )
  };
}
