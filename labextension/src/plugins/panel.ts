/** The plugin that opens models and runs in the main area, beside the notebook. */
import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Connections } from '../kernel/connections';
import type { Models } from '../kernel/followed-models';
import type { ModelBundle } from '../protocol';
import type { ModelView } from '../views/kernel-overview';
import { trans } from '../views/shared/translation';
import type { Notebooks } from './active-notebook';
import { layerlabIcon } from './icon';
import { COMMANDS, PLUGINS } from './ids';
import { SubjectPanel } from './panel-content';
import type { Preferences } from './preferences';
import { IConnections, IModels, INotebooks, IPanels, IPreferences, type PanelSubject } from './tokens';

export const panel: JupyterFrontEndPlugin<IPanels> = {
  id: PLUGINS.panel,
  description: 'Opens models and training runs in the main area.',
  autoStart: true,
  requires: [IConnections, IModels, INotebooks, IPreferences],
  optional: [ILayoutRestorer, ILabShell],
  provides: IPanels,
  activate: (
    app: JupyterFrontEnd,
    connections: Connections,
    models: Models,
    notebooks: Notebooks,
    preferences: Preferences,
    restorer: ILayoutRestorer | null,
    labShell: ILabShell | null
  ) => {
    const tracker = new WidgetTracker<MainAreaWidget<SubjectPanel>>({ namespace: 'layerlab' });
    const show = (subject: PanelSubject, model: ModelBundle | null) => {
      const open = tracker.find(widget => keyOf(widget.content.subject) === keyOf(subject));
      if (open) {
        void open.content.draw(model);
        app.shell.activateById(open.id);
        return;
      }
      const content = new SubjectPanel(subject, { connections, models, notebooks, preferences });
      const widget = new MainAreaWidget({ content });
      widget.id = `layerlab-${keyOf(subject)}`;
      widget.title.icon = layerlabIcon;
      widget.title.closable = true;
      void content.draw(model);
      // Before the new one is among them.
      const neighbour = tracker.find(other => other.isVisible);
      void tracker.add(widget);
      place(app, labShell, widget, neighbour);
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
      openModel: (model, view) =>
        show({ kind: 'model', kernelId: model.kernel_id, id: model.model_id, view }, model),
      open: subject => show(subject, null)
    };
  }
};

/** Beside the notebook, or with our other panels if one can be seen. Notebook 7 has no place but at its right. */
function place(
  app: JupyterFrontEnd,
  labShell: ILabShell | null,
  widget: MainAreaWidget<SubjectPanel>,
  neighbour: MainAreaWidget<SubjectPanel> | undefined
): void {
  if (labShell === null) {
    app.shell.add(widget, 'right');
    app.shell.activateById(widget.id);
    return;
  }
  const notebook = labShell.currentWidget;
  if (neighbour) {
    labShell.add(widget, 'main', { mode: 'tab-after', ref: neighbour.id });
  } else {
    labShell.add(widget, 'main', notebook ? { mode: 'split-right', ref: notebook.id } : {});
  }
}

const VIEWS: readonly ModelView[] = ['graph', 'summary', 'curves'];

const OPEN_ARGUMENTS = {
  type: 'object',
  properties: {
    kind: { type: 'string', enum: ['model', 'run'] },
    kernelId: { type: 'string' },
    id: { type: 'string' },
    view: {
      type: 'string',
      enum: ['graph', 'summary', 'curves'],
      description: 'Of a model; graph if not given.'
    }
  },
  required: ['kind', 'kernelId', 'id']
} as const;

/** What the arguments of a command name, or null if they are not such arguments. */
export function toSubject({ kind, kernelId, id, view }: ReadonlyPartialJSONObject): PanelSubject | null {
  if (!isId(kernelId) || !isId(id)) {
    return null;
  }
  if (kind === 'run') {
    return { kind, kernelId, id };
  }
  const known = view === undefined ? 'graph' : VIEWS.find(name => name === view);
  return kind === 'model' && known !== undefined ? { kind, kernelId, id, view: known } : null;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[\w.:-]{1,200}$/.test(value);
}

function keyOf(subject: PanelSubject): string {
  const view = subject.kind === 'model' ? subject.view : 'run';
  return `${view}-${subject.kernelId}-${subject.id}`.replaceAll(/[^\w-]/g, '_');
}
