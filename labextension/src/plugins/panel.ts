/** The plugin that opens models and runs in the main area, beside the notebook. */
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Connections } from '../kernel/connections';
import type { ModelBundle } from '../protocol';
import { layerlabIcon } from './icon';
import { COMMANDS, DOMAIN, PLUGINS } from './ids';
import { SubjectPanel } from './subject';
import { IConnections, IPanels, type PanelSubject } from './tokens';

export const panel: JupyterFrontEndPlugin<IPanels> = {
  id: PLUGINS.panel,
  description: 'Opens models and training runs in the main area.',
  autoStart: true,
  requires: [IConnections],
  optional: [ILayoutRestorer, ITranslator],
  provides: IPanels,
  activate: (
    app: JupyterFrontEnd,
    connections: Connections,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const tracker = new WidgetTracker<MainAreaWidget<SubjectPanel>>({ namespace: 'layerlab' });
    const show = (subject: PanelSubject, model: ModelBundle | null) => {
      const open = tracker.find(widget => keyOf(widget.content.subject) === keyOf(subject));
      if (open) {
        void open.content.draw(model);
        app.shell.activateById(open.id);
        return;
      }
      const content = new SubjectPanel(subject, connections);
      const widget = new MainAreaWidget({ content });
      widget.id = `layerlab-${keyOf(subject)}`;
      widget.title.icon = layerlabIcon;
      widget.title.closable = true;
      void content.draw(model);
      void tracker.add(widget);
      const notebook = app.shell.currentWidget;
      app.shell.add(widget, 'main', notebook ? { mode: 'split-right', ref: notebook.id } : {});
    };
    app.commands.addCommand(COMMANDS.open, {
      label: trans.__('Open Model or Run'),
      describedBy: { args: OPEN_ARGUMENTS },
      execute: args => {
        // Anybody may call a command, with anything.
        const subject = toSubject(args);
        if (subject !== null) {
          show(subject, null);
        }
      }
    });
    if (restorer) {
      void restorer.restore(tracker, {
        command: COMMANDS.open,
        args: widget => ({ ...widget.content.subject }),
        name: widget => keyOf(widget.content.subject)
      });
    }
    return {
      openModel: model => show({ kind: 'model', kernelId: model.kernel_id, id: model.model_id }, model),
      open: subject => show(subject, null)
    };
  }
};

const OPEN_ARGUMENTS = {
  type: 'object',
  properties: {
    kind: { type: 'string', enum: ['model', 'run'] },
    kernelId: { type: 'string' },
    id: { type: 'string' }
  },
  required: ['kind', 'kernelId', 'id']
} as const;

function toSubject({ kind, kernelId, id }: ReadonlyPartialJSONObject): PanelSubject | null {
  const isText = (value: unknown): value is string =>
    typeof value === 'string' && /^[\w.:-]{1,200}$/.test(value);
  return (kind === 'model' || kind === 'run') && isText(kernelId) && isText(id)
    ? { kind, kernelId, id }
    : null;
}

function keyOf({ kind, kernelId, id }: PanelSubject): string {
  return `${kind}-${kernelId}-${id}`.replaceAll(/[^\w-]/g, '_');
}
