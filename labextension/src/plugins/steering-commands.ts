/**
 * The plugin with the commands that steer the active notebook's run.
 *
 * A command may be called by a link in a page that somebody else wrote, and cannot tell who called it. So these
 * take no arguments, and stopping asks first; a run that was paused or resumed can be resumed or paused.
 */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, Notification, showDialog } from '@jupyterlab/apputils';
import type { Connections } from '../kernel/connections';
import { isActive } from '../kernel/kernel-overview';
import type { Pause, Resume, RunInfo, Step, Stop } from '../protocol';
import { progressText } from '../views/run-text';
import { reasonText } from '../views/shared/error-reason';
import { clip } from '../views/shared/text';
import { trans } from '../views/shared/translation';
import type { Notebooks } from './active-notebook';
import { COMMANDS, PLUGINS } from './ids';
import { IConnections, INotebooks } from './tokens';

export const steering: JupyterFrontEndPlugin<void> = {
  id: PLUGINS.steering,
  description: 'Commands that steer the training of the active notebook.',
  autoStart: true,
  requires: [IConnections, INotebooks],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    connections: Connections,
    notebooks: Notebooks,
    palette: ICommandPalette | null
  ) => {
    for (const { id, label, order, mustAsk } of verbs()) {
      app.commands.addCommand(id, {
        label,
        describedBy: { args: { type: 'object', properties: {} } },
        isEnabled: () => notebooks.kernelId !== null,
        execute: () =>
          steer(connections, notebooks, order, mustAsk).catch(error => {
            Notification.error(clip(reasonText(error), 300), {
              autoClose: 8000
            });
          })
      });
      palette?.addItem({ command: id, category: trans.__('Layerlab') });
    }
  }
};

type Order = Pick<Pause, 'method'> | Pick<Resume, 'method'> | Omit<Step, 'run_id'> | Pick<Stop, 'method'>;
type Verb = { id: string; label: string; order: Order; mustAsk: boolean };

function verbs(): Verb[] {
  return [
    { id: COMMANDS.pause, label: trans.__('Pause Training'), order: { method: 'pause' }, mustAsk: false },
    { id: COMMANDS.resume, label: trans.__('Resume Training'), order: { method: 'resume' }, mustAsk: false },
    { id: COMMANDS.step, label: trans.__('Train One Step'), order: { method: 'step' }, mustAsk: false },
    {
      id: COMMANDS.stepEpoch,
      label: trans.__('Train to the End of the Epoch'),
      order: { method: 'step', unit: 'epoch' },
      mustAsk: false
    },
    { id: COMMANDS.stop, label: trans.__('Stop Training…'), order: { method: 'stop' }, mustAsk: true }
  ];
}

async function steer(
  connections: Connections,
  notebooks: Notebooks,
  order: Order,
  mustAsk: boolean
): Promise<void> {
  const connection = notebooks.kernelId === null ? null : await connections.get(notebooks.kernelId);
  const answer = await connection?.request({ method: 'list_all' }).catch(() => null);
  const run = answer?.runs.find(isActive);
  if (connection === null || run === undefined) {
    Notification.info(trans.__('Nothing trains in the kernel of the active notebook.'), { autoClose: 5000 });
  } else if (!mustAsk || (await agrees(run))) {
    await connection.request({ ...order, run_id: run.run_id });
  }
}

async function agrees(run: RunInfo): Promise<boolean> {
  const answer = await showDialog({
    title: trans.__('Stop training?'),
    body: trans.__('%1. The model keeps its weights, and fit returns what was reached.', progressText(run)),
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Stop') })]
  });
  return answer.button.accept;
}
