/** A run in a line of text: in lists, menus, dialogs and the status bar. */
import type { RunInfo } from '../protocol';
import { clip, value } from './shared/text';
import { trans } from './shared/translation';

/** The state of a run as a word. */
export function statusText(status: RunInfo['status']): string {
  switch (status) {
    case 'running':
      return trans.__('running');
    case 'paused':
      return trans.__('paused');
    case 'stopped':
      return trans.__('stopped');
    case 'failed':
      return trans.__('failed');
    case 'finished':
      return trans.__('finished');
    case 'lost':
      return trans.__('lost');
  }
}

/** 12:41:07, by the clock of the person who reads it. */
export function timeText(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString();
}

/** 12:41, for narrow places. */
export function minuteText(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: 'numeric', minute: '2-digit' });
}

/** "epoch 3/10", or '' before the first. */
export function epochText({ epoch, epochs }: RunInfo): string {
  return epoch > 0 ? trans.__('epoch %1/%2', epoch, epochs) : '';
}

/** "42 %", or '' while unknown. */
export function percentText({ done }: RunInfo): string {
  return done === null ? '' : trans.__('%1 %', Math.floor(done * 100));
}

/** "loss 0.4321", or '' before the first step. */
export function lossText({ loss }: RunInfo): string {
  return loss === null ? '' : trans.__('loss %1', value(loss));
}

/** "12:41:07 · running · epoch 3/10 · loss 0.4321": to tell the runs of one model apart. */
export function describeRun(run: RunInfo): string {
  return [timeText(run.started), statusText(run.status), epochText(run), lossText(run)]
    .filter(part => part !== '')
    .join(' · ');
}

/** "digits · epoch 3/10 · 42 % · loss 0.4321". */
export function progressText(run: RunInfo): string {
  const state = run.status === 'running' ? '' : statusText(run.status);
  return [clip(run.model_name, 24), state, epochText(run), percentText(run), lossText(run)]
    .filter(part => part !== '')
    .join(' · ');
}
