/** The plugin with the sidebar: the models and runs of the active notebook's kernel. */
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { render } from '../views/kernel-overview';
import { trans } from '../views/shared/translation';
import type { Notebooks } from './active-notebook';
import { layerlabIcon } from './icon';
import { COMMANDS, PLUGINS } from './ids';
import type { Preferences } from './preferences';
import { INotebooks, IPanels, IPreferences } from './tokens';

/** After the file browser, the running kernels and the table of contents. */
const RANK = 500;

export const sidebar: JupyterFrontEndPlugin<void> = {
  id: PLUGINS.sidebar,
  description: 'Lists the models and training runs of the active notebook.',
  autoStart: true,
  requires: [INotebooks, IPanels, IPreferences],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    notebooks: Notebooks,
    panels: IPanels,
    preferences: Preferences,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ) => {
    const list = new Sidebar(notebooks, panels);
    restorer?.add(list, list.id);
    preferences.whenever(({ sidebar: isWanted }) => {
      if (isWanted && !list.isAttached) {
        app.shell.add(list, 'left', { rank: RANK });
      } else if (!isWanted) {
        list.parent = null;
      }
    });
    app.commands.addCommand(COMMANDS.showSidebar, {
      label: trans.__('Show Models and Training Runs'),
      caption: trans.__('List the models and training runs of the active notebook'),
      icon: layerlabIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => preferences.current.sidebar,
      execute: () => app.shell.activateById(list.id)
    });
    palette?.addItem({ command: COMMANDS.showSidebar, category: trans.__('Layerlab') });
  }
};

/** Asks its kernel only while it can be seen. */
class Sidebar extends Widget {
  private shown: AbortController | null = null;

  constructor(
    private readonly notebooks: Notebooks,
    private readonly panels: IPanels
  ) {
    super();
    this.id = 'layerlab-sidebar';
    this.addClass('layerlab-sidebar');
    this.title.icon = layerlabIcon;
    this.title.caption = trans.__('Models and training runs');
    this.node.tabIndex = -1;
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.draw();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      this.draw();
    }
  }

  protected override onBeforeHide(message: Message): void {
    this.clear();
    super.onBeforeHide(message);
  }

  protected override onBeforeDetach(message: Message): void {
    this.clear();
    super.onBeforeDetach(message);
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    // To its first button, so that the keyboard goes on from there.
    (this.node.querySelector('button') ?? this.node).focus();
  }

  private draw(): void {
    this.clear();
    this.shown = new AbortController();
    const el = document.createElement('div');
    this.node.replaceChildren(el);
    render({
      place: this.notebooks,
      onOpenModel: (id, view) =>
        this.open(kernelId => this.panels.open({ kind: 'model', kernelId, id, view })),
      onOpenRun: id => this.open(kernelId => this.panels.open({ kind: 'run', kernelId, id })),
      el,
      signal: this.shown.signal
    });
  }

  private open(open: (kernelId: string) => void): void {
    const { kernelId } = this.notebooks;
    if (kernelId !== null) {
      open(kernelId);
    }
  }

  private clear(): void {
    this.shown?.abort();
    this.shown = null;
  }
}
