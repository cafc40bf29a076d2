/** The plugin with the palette's commands that open something. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, InputDialog, Notification } from '@jupyterlab/apputils';
import type { Connections } from '../kernel/connections';
import { describeRun } from '../views/run-text';
import { clip } from '../views/shared/text';
import { trans } from '../views/shared/translation';
import type { Notebooks } from './active-notebook';
import { COMMANDS, PLUGINS } from './ids';
import { IConnections, INotebooks, IPanels, type PanelSubject } from './tokens';

export const commands: JupyterFrontEndPlugin<void> = {
  id: PLUGINS.commands,
  description: 'Commands that open models and training runs.',
  autoStart: true,
  requires: [IConnections, INotebooks, IPanels],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    connections: Connections,
    notebooks: Notebooks,
    panels: IPanels,
    palette: ICommandPalette | null
  ) => {
    const shared = {
      isEnabled: () => notebooks.kernelId !== null,
      describedBy: { args: { type: 'object', properties: {} } }
    };
    app.commands.addCommand(COMMANDS.browse, {
      ...shared,
      label: trans.__('Open Model or Training Run…'),
      caption: trans.__('Choose among the models and runs of the active notebook'),
      execute: async () => {
        const subject = await choose(await list(connections, notebooks));
        if (subject !== null) {
          panels.open(subject);
        }
      }
    });
    app.commands.addCommand(COMMANDS.openCurves, {
      ...shared,
      label: trans.__('Open Curves of the Newest Training Run'),
      execute: async () => {
        const newest = (await list(connections, notebooks)).find(({ subject }) => subject.kind === 'run');
        if (newest === undefined) {
          Notification.info(trans.__('This kernel has trained no model of layerlab yet.'), {
            autoClose: 5000
          });
        } else {
          panels.open(newest.subject);
        }
      }
    });
    for (const command of [COMMANDS.browse, COMMANDS.openCurves]) {
      palette?.addItem({ command, category: trans.__('Layerlab') });
    }
  }
};

type Choice = { label: string; subject: PanelSubject };

async function choose(choices: Choice[]): Promise<PanelSubject | null> {
  if (choices.length === 0) {
    Notification.info(trans.__('This kernel has no models or runs of layerlab yet.'), { autoClose: 5000 });
    return null;
  }
  const labels = choices.map(({ label }, index) => `${index + 1}. ${label}`);
  const answer = await InputDialog.getItem({ title: trans.__('Open'), items: labels });
  const chosen = answer.button.accept ? choices[labels.indexOf(answer.value ?? '')] : undefined;
  return chosen?.subject ?? null;
}

/** What can be opened, newest first; nothing where the kernel knows nothing of layerlab. */
async function list(connections: Connections, notebooks: Notebooks): Promise<Choice[]> {
  const { kernelId } = notebooks;
  const connection = kernelId === null ? null : await connections.get(kernelId);
  if (connection === null || kernelId === null) {
    return [];
  }
  const answer = await connection.request({ method: 'list_all' }).catch(() => ({ models: [], runs: [] }));
  return [
    ...answer.models.map(model => ({
      label: `${clip(model.name, 40)} (${clip(model.class_name, 40)})`,
      subject: { kind: 'model' as const, kernelId, id: model.model_id, view: 'graph' as const }
    })),
    ...answer.runs.map(run => ({
      label: `${clip(run.model_name, 40)} · ${describeRun(run)}`,
      subject: { kind: 'run' as const, kernelId, id: run.run_id }
    }))
  ];
}
