/** What the front end knows of a run: a pure fold over its events. */
import type {
  CheckpointSaved,
  Diagnostic,
  Event,
  FitFailed,
  FitPaused,
  FitResumed,
  FitStarted,
  FitStopped,
  LearningRateChanged,
  StepsFinished
} from '../protocol';
import { append, emptySeries, last, lastX, type Series } from './series';

export type RunStatus = 'empty' | 'running' | 'paused' | 'stopped' | 'failed' | 'finished';

/** What happened at one step: a command's effect, or something that a person should know. */
export type Mark =
  | LearningRateChanged
  | FitPaused
  | FitResumed
  | CheckpointSaved
  | Diagnostic
  | FitStopped
  | FitFailed;

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
  /** The learning rate over steps, at the start and after each change. */
  rates: Series;
  /** Who changed it last, and after which step. */
  rateChange: Pick<LearningRateChanged, 'source' | 'step'> | null;
  /** What the learning rate follows, '' for a number that can be set. */
  schedule: string;
  /** Seconds since the Unix epoch, by the kernel's clock. */
  started: number;
  /** Time of the last event. */
  updated: number;
  /** Seconds of each finished epoch. */
  epochSeconds: readonly number[];
  /** Seconds since the start, over steps: what is between two points is on the line between them. */
  clock: Series;
  /** Epochs (from 0), over the steps that were finished when they began. */
  epochStarts: Series;
  /** Epochs (from 0), over the steps that were finished when they ended. */
  epochEnds: Series;
  /** Time and step of the last few moments, newest last: the speed. */
  recent: readonly { time: number; step: number }[];
  /** Over steps: values after each batch. */
  batches: SeriesByLabel;
  /** Over steps: values at the end of each epoch; validation labels carry no 'val_'. */
  training: SeriesByLabel;
  validation: SeriesByLabel;
  marks: readonly Mark[];
  diagnostics: readonly Diagnostic[];
  failure: FitFailed | null;
  stop: FitStopped | null;
  /** Events so far other than steps: a number that grows when a command has had its effect. */
  happenings: number;
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
  rates: emptySeries(),
  rateChange: null,
  schedule: '',
  started: 0,
  updated: 0,
  epochSeconds: [],
  clock: emptySeries(),
  epochStarts: emptySeries(),
  epochEnds: emptySeries(),
  recent: [],
  batches: {},
  training: {},
  validation: {},
  marks: [],
  diagnostics: [],
  failure: null,
  stop: null,
  happenings: 0
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
  const next = fold(run, event);
  const happenings = run.happenings + (event.type === 'steps_finished' ? 0 : 1);
  return { ...next, happenings, updated: Math.max(run.updated, event.time) };
}

function fold(run: Run, event: Event): Run {
  switch (event.type) {
    case 'fit_started':
      return started(event);
    case 'epoch_started':
      return {
        ...timed(begun(run, event.epoch, event.step), event),
        epoch: event.epoch,
        epochStep: 0,
        recent: [{ time: event.time, step: event.step }]
      };
    case 'steps_finished':
      return stepped(run, event);
    case 'validation_finished':
      return { ...run, validation: appendValues(run.validation, event.step, event.logs), recent: [] };
    case 'epoch_finished': {
      const { training, validation } = splitValidation(event.logs);
      return {
        ...timed(run, event),
        epochsDone: event.epoch + 1,
        epochEnds: append(run.epochEnds, [event.step], [event.epoch]),
        stepsPerEpoch: run.stepsPerEpoch ?? (run.epochStep > 0 ? run.epochStep : null),
        epochSeconds: [...run.epochSeconds, event.seconds],
        training: appendValues(run.training, event.step, training),
        // The same values came with validation_finished, unless a callback made them.
        validation: appendValues(run.validation, event.step, validation)
      };
    }
    case 'learning_rate_changed':
      return rateChanged(run, event);
    case 'fit_paused':
      return mark({ ...timed(run, event), status: 'paused', recent: [] }, event);
    case 'fit_resumed':
      return mark({ ...timed(run, event), status: 'running', recent: [] }, event);
    case 'checkpoint_saved':
      return mark(run, event);
    case 'diagnostic':
      return mark({ ...run, diagnostics: advised(run.diagnostics, event) }, event);
    case 'fit_stopped':
      return mark({ ...run, status: 'stopped', stop: event }, event);
    case 'fit_failed':
      return mark({ ...run, status: 'failed', failure: event, step: event.step }, event);
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
    schedule: event.schedule,
    rates: event.learning_rate === null ? emptySeries() : append(emptySeries(), [0], [event.learning_rate]),
    clock: emptySeries(),
    epochStarts: emptySeries(),
    epochEnds: emptySeries(),
    started: event.time,
    updated: event.time
  };
}

function stepped(run: Run, event: StepsFinished): Run {
  const step = event.steps.at(-1) ?? run.step;
  return {
    ...timed(begun(run, event.epoch, step - event.epoch_step), { step, time: event.time }),
    epoch: event.epoch,
    epochStep: event.epoch_step,
    step,
    recent: [
      ...run.recent.filter(item => item.time > event.time - RECENT_SECONDS),
      { time: event.time, step }
    ],
    batches: mapLabels(run.batches, event.logs, (series, values) => append(series, event.steps, values))
  };
}

/** The run with the moment in its clock. Two of one step are the end of it and the start of the next. */
function timed(run: Run, { step, time }: { step: number; time: number }): Run {
  return { ...run, clock: append(run.clock, [step], [Math.max(0, time - run.started)]) };
}

/** The run with the start of an epoch, which a thinned history may tell by its steps alone. */
function begun(run: Run, epoch: number, step: number): Run {
  const known = last(run.epochStarts);
  const isNew = known === undefined || epoch > known;
  return isNew ? { ...run, epochStarts: append(run.epochStarts, [step], [epoch]) } : run;
}

function rateChanged(run: Run, event: LearningRateChanged): Run {
  const rates = append(run.rates, [event.step], [event.learning_rate]);
  const next = { ...run, learningRate: event.learning_rate, rates, rateChange: event };
  // What a schedule does in every epoch is no news.
  return event.source === 'schedule' ? next : mark(next, event);
}

/** The newest advice of each kind and place. */
function advised(all: readonly Diagnostic[], event: Diagnostic): readonly Diagnostic[] {
  const others = all.filter(other => other.code !== event.code || other.path !== event.path);
  return [...others, event].slice(-MAX_DIAGNOSTICS);
}

function mark(run: Run, event: Mark): Run {
  return { ...run, marks: [...run.marks, event].slice(-MAX_MARKS) };
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
