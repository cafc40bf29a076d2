/** The plugin with the palette's commands. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, InputDialog, Notification } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import type { Connections } from '../kernel/connections';
import { clip } from '../views/shared/text';
import { COMMANDS, DOMAIN, PLUGINS } from './ids';
import { IConnections, IPanels, type PanelSubject } from './tokens';

export const commands: JupyterFrontEndPlugin<void> = {
  id: PLUGINS.commands,
  description: 'Commands for models and training runs.',
  autoStart: true,
  requires: [IConnections, IPanels],
  optional: [ICommandPalette, INotebookTracker, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    connections: Connections,
    panels: IPanels,
    palette: ICommandPalette | null,
    notebooks: INotebookTracker | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const kernelId = () => notebooks?.currentWidget?.sessionContext.session?.kernel?.id;
    app.commands.addCommand(COMMANDS.browse, {
      label: trans.__('Open Model or Training Run…'),
      caption: trans.__('Choose among the models and runs of the active notebook'),
      isEnabled: () => kernelId() !== undefined,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: async () => {
        const id = kernelId();
        const subject = id === undefined ? null : await choose(connections, id, trans);
        if (subject !== null) {
          panels.open(subject);
        }
      }
    });
    palette?.addItem({ command: COMMANDS.browse, category: trans.__('Layerlab') });
  }
};

async function choose(
  connections: Connections,
  kernelId: string,
  trans: TranslationBundle
): Promise<PanelSubject | null> {
  const subjects = await list(connections, kernelId).catch(() => []);
  if (subjects.length === 0) {
    Notification.info(trans.__('This kernel has no models or runs of layerlab yet.'), { autoClose: 5000 });
    return null;
  }
  const labels = subjects.map(({ label }, index) => `${index + 1}. ${label}`);
  const answer = await InputDialog.getItem({ title: trans.__('Open'), items: labels });
  const chosen = answer.button.accept ? subjects[labels.indexOf(answer.value ?? '')] : undefined;
  return chosen?.subject ?? null;
}

async function list(
  connections: Connections,
  kernelId: string
): Promise<{ label: string; subject: PanelSubject }[]> {
  const connection = await connections.get(kernelId);
  if (connection === null) {
    return [];
  }
  const { models, runs } = await connection.request({ method: 'list_all' });
  return [
    ...models.map(model => ({
      label: `${clip(model.name, 40)} (${clip(model.class_name, 40)})`,
      subject: { kind: 'model' as const, kernelId, id: model.model_id }
    })),
    ...runs.map(run => ({
      label: `${clip(run.model_name, 40)}, ${run.status}, ${new Date(run.started * 1000).toLocaleTimeString()}`,
      subject: { kind: 'run' as const, kernelId, id: run.run_id }
    }))
  ];
}
