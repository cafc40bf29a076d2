/** The buttons that steer a run, what they are waiting for, and why one could not be obeyed. */
import { useCallback, useRef, useState } from 'react';
import type { RunSource, Steering } from '../../kernel/run-source';
import type { Run } from '../../kernel/runs';
import { reasonText } from '../shared/error-reason';
import { Icon } from '../shared/icons';
import { clip } from '../shared/text';
import { trans } from '../shared/translation';

/** How commands are given. `send` never rejects: it is false where the kernel did not take the command. */
export type Wheel = {
  send(command: Steering): Promise<boolean>;
  /** Whether the effect of such a command is still to come. */
  isPending(command: Steering): boolean;
  /** Why the last command was not obeyed, or cannot be given; '' if all is well. */
  problem: string;
  complain(problem: string): void;
};

/** The steering of a run, null where there is none. */
export function useWheel(steer: RunSource['steer'], run: Run): Wheel | null {
  // By command, how much had happened in the run when it was given: what happens next is its effect.
  const [pending, setPending] = useState<Readonly<Record<string, number>>>({});
  const [problem, setProblem] = useState('');
  const happened = useRef(run.happenings);
  happened.current = run.happenings;
  const send = useCallback(
    async (command: Steering) => {
      const key = keyOf(command);
      setPending(all => ({ ...all, [key]: happened.current }));
      try {
        await steer?.(command);
        setProblem('');
        return true;
      } catch (error) {
        setPending(({ [key]: _, ...others }) => others);
        setProblem(clip(reasonText(error), 300));
        return false;
      }
    },
    [steer]
  );
  const isPending = (command: Steering) => pending[keyOf(command)] === run.happenings;
  return steer === null ? null : { send, isPending, problem, complain: setProblem };
}

/** The command that a key gives while the monitor has the focus: keys that mean nothing in a notebook. */
export function commandOf(key: string, run: Run): Steering | null {
  switch (key.toLowerCase()) {
    case ' ':
      return { method: run.status === 'paused' ? 'resume' : 'pause' };
    case 's':
      return { method: 'step', unit: 'step' };
    case 'e':
      return { method: 'step', unit: 'epoch' };
    case 'w':
      return { method: 'save_checkpoint' };
    default:
      return null;
  }
}

/** For `aria-keyshortcuts`. */
export const SHORTCUTS = 'Space S E W';

export function Buttons({ run, wheel }: { run: Run; wheel: Wheel }) {
  const button = (command: Steering, icon: IconName, label: string, title: string) => {
    const isPending = wheel.isPending(command);
    return (
      <button
        type="button"
        // Resume takes the place of Pause, and the focus stays on it.
        key={command.method === 'resume' ? 'pause' : keyOf(command)}
        className={`layerlab-button layerlab-button-${icon}`}
        title={title}
        aria-disabled={isPending}
        aria-busy={isPending}
        onClick={() => !isPending && void wheel.send(command)}
      >
        <Icon name={icon} />
        {label}
      </button>
    );
  };
  const isPaused = run.status === 'paused';
  return (
    <div className="layerlab-steering" role="toolbar" aria-label={trans.__('Steer the training')}>
      {isPaused
        ? button({ method: 'resume' }, 'resume', trans.__('Resume'), trans.__('Go on training (Space)'))
        : button(
            { method: 'pause' },
            'pause',
            trans.__('Pause'),
            trans.__('Wait before the next step (Space)')
          )}
      {button(
        { method: 'step', unit: 'step' },
        'step',
        trans.__('Step'),
        trans.__('Train one step, then pause (S)')
      )}
      {button(
        { method: 'step', unit: 'epoch' },
        'epoch',
        trans.__('Epoch'),
        trans.__('Train to the end of the epoch, then pause (E)')
      )}
      {button(
        { method: 'stop' },
        'stop',
        trans.__('Stop'),
        trans.__('End the run after this step; fit returns what was reached')
      )}
      {button(
        { method: 'save_checkpoint' },
        'save',
        trans.__('Checkpoint'),
        trans.__("Save the model before the next step, in the folder 'checkpoints' (W)")
      )}
    </div>
  );
}

type IconName = 'pause' | 'resume' | 'step' | 'epoch' | 'stop' | 'save';

function keyOf(command: Steering): string {
  return command.method === 'step' ? `step ${command.unit}` : command.method;
}
