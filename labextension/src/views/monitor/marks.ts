/** What happened in a run, as a person reads it: in the list below the charts, and as lines in them. */
import type { Mark, Run } from '../../kernel/runs';
import { assertNever } from '../../kernel/runs';
import type { FitStopped, LearningRateChanged } from '../../protocol';
import { clip, rate } from '../shared/text';
import { trans } from '../shared/translation';

/** How much it matters: pauses and the like are faint. */
export type Tone = 'faint' | 'plain' | 'warning' | 'error';

/** One line of the list; `symbol` stands at the top of its line in the charts. */
export type Happening = { step: number; time: number; symbol: string; tone: Tone; text: string };

const MAX_TEXT = 400;

/** All that is worth telling, in order. Single steps that follow each other are one entry. */
export function happenings(run: Run): Happening[] {
  const told: Happening[] = [];
  let singles = 0;
  for (const [index, mark] of run.marks.entries()) {
    const before = run.marks[index - 1];
    if (mark.type === 'fit_paused' && before?.type === 'fit_resumed' && before.until !== 'end') {
      continue; // as it was told to, after a step or an epoch
    }
    const isSingle = mark.type === 'fit_resumed' && mark.until === 'step';
    singles = isSingle ? singles + 1 : 0;
    if (singles > 1) {
      told.pop();
    }
    told.push({ step: mark.step, time: mark.time - run.started, ...reading(mark, singles) });
  }
  return told;
}

/** Why a run ended early. */
export function stopText({ message, reason }: FitStopped): string {
  return message === '' ? STOPPED[reason]() : clip(message, MAX_TEXT);
}

/** Who changed a learning rate. */
export function changedBy(source: LearningRateChanged['source']): string {
  return CHANGED_BY[source]();
}

function reading(mark: Mark, singles: number): Omit<Happening, 'step' | 'time'> {
  switch (mark.type) {
    case 'learning_rate_changed':
      return { symbol: 'LR', tone: 'plain', text: rateText(mark) };
    case 'fit_paused':
      return { symbol: '‖', tone: 'faint', text: trans.__('paused') };
    case 'fit_resumed':
      return { symbol: '▸', tone: 'faint', text: resumedText(mark.until, singles) };
    case 'checkpoint_saved': {
      const note = mark.note === '' ? '' : ` (${clip(mark.note, MAX_TEXT)})`;
      return {
        symbol: '▼',
        tone: 'plain',
        text: trans.__('checkpoint saved: %1', clip(mark.path, MAX_TEXT)) + note
      };
    }
    case 'diagnostic':
      return {
        symbol: mark.code === 'non-finite-loss' ? 'NaN' : '!',
        tone: mark.code === 'non-finite-loss' || mark.level === 'error' ? 'error' : 'warning',
        text: clip(mark.message, MAX_TEXT)
      };
    case 'fit_stopped':
      return { symbol: '■', tone: 'warning', text: stopText(mark) };
    case 'fit_failed':
      return {
        symbol: '✕',
        tone: 'error',
        text: trans.__('failed: %1', clip(`${mark.error}: ${mark.message}`, MAX_TEXT))
      };
    default:
      return assertNever(mark);
  }
}

function rateText({ previous, learning_rate: now, source }: LearningRateChanged): string {
  const by = changedBy(source);
  return previous === null
    ? trans.__('learning rate %1, %2', rate(now), by)
    : trans.__('learning rate %1 → %2, %3', rate(previous), rate(now), by);
}

function resumedText(until: 'end' | 'epoch' | 'step', singles: number): string {
  if (until === 'end') {
    return trans.__('resumed');
  }
  if (until === 'epoch') {
    return trans.__('on to the end of the epoch');
  }
  return singles > 1 ? trans.__('single steps: %1', singles) : trans.__('one step');
}

const CHANGED_BY = {
  user: () => trans.__('by hand'),
  callback: () => trans.__('by a callback'),
  schedule: () => trans.__('by its schedule')
} as const;

const STOPPED = {
  user: () => trans.__('stopped by hand'),
  callback: () => trans.__('stopped by a callback'),
  interrupt: () => trans.__('interrupted')
} as const;
