/** The plugin with the status-bar item: how far a training is. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { isActive } from '../kernel/kernel-overview';
import type { RunInfo } from '../protocol';
import { progressText } from '../views/run-text';
import { trans } from '../views/shared/translation';
import type { Notebooks } from './active-notebook';
import { PLUGINS } from './ids';
import type { Preferences } from './preferences';
import { INotebooks, IPanels, IPreferences } from './tokens';

/** Beside the kernel's state. */
const RANK = 2;

export const status: JupyterFrontEndPlugin<void> = {
  id: PLUGINS.status,
  description: 'Shows the progress of a training in the status bar.',
  autoStart: true,
  requires: [INotebooks, IPanels, IPreferences],
  optional: [IStatusBar],
  activate: (
    _: JupyterFrontEnd,
    notebooks: Notebooks,
    panels: IPanels,
    preferences: Preferences,
    bar: IStatusBar | null
  ) => {
    if (bar === null) {
      return;
    }
    let shown: IDisposable | null = null;
    preferences.whenever(({ statusBar: isWanted }) => {
      if (isWanted && shown === null) {
        shown = show(bar, notebooks, panels);
      } else if (!isWanted) {
        shown?.dispose();
        shown = null;
      }
    });
  }
};

function show(bar: IStatusBar, notebooks: Notebooks, panels: IPanels): IDisposable {
  const item = new StatusItem(notebooks, panels);
  const registered = bar.registerStatusItem('layerlab-jupyter:training', {
    item,
    align: 'left',
    rank: RANK,
    isActive: () => item.run !== null,
    activeStateChanged: item.activityChanged
  });
  return {
    get isDisposed() {
      return item.isDisposed;
    },
    dispose: () => {
      registered.dispose();
      item.dispose();
    }
  };
}

/** The run of the active notebook that trains, or else that of another open notebook. */
class StatusItem extends Widget {
  readonly activityChanged = new Signal<this, void>(this);
  run: { kernelId: string; info: RunInfo } | null = null;
  private readonly button = document.createElement('button');
  private readonly followed = new Map<string, () => void>();
  private readonly stop: () => void;

  constructor(
    private readonly notebooks: Notebooks,
    panels: IPanels
  ) {
    super();
    this.addClass('layerlab-status');
    this.button.type = 'button';
    this.button.title = trans.__('Open the curves of this training');
    this.button.addEventListener('click', () => {
      if (this.run !== null) {
        panels.open({ kind: 'run', kernelId: this.run.kernelId, id: this.run.info.run_id });
      }
    });
    this.node.append(this.button);
    this.stop = notebooks.subscribe(() => this.follow());
    this.follow();
  }

  override dispose(): void {
    this.stop();
    for (const stop of this.followed.values()) {
      stop();
    }
    super.dispose();
  }

  private follow(): void {
    const open = this.notebooks.kernels;
    for (const [kernelId, stop] of this.followed) {
      if (!open.some(kernel => kernel.kernelId === kernelId)) {
        stop();
        this.followed.delete(kernelId);
      }
    }
    for (const { kernelId, overview } of open) {
      if (!this.followed.has(kernelId)) {
        this.followed.set(
          kernelId,
          overview.subscribe(() => this.refresh())
        );
      }
    }
    this.refresh();
  }

  private refresh(): void {
    const before = this.run;
    this.run = this.findRun();
    if (this.run !== null) {
      const { info } = this.run;
      this.button.textContent = progressText(info);
      this.button.style.setProperty('--layerlab-done', `${(info.done ?? 0) * 100}%`);
    }
    if ((before === null) !== (this.run === null)) {
      this.activityChanged.emit();
    }
  }

  private findRun(): StatusItem['run'] {
    for (const { kernelId, overview } of this.notebooks.kernels) {
      const info = overview.state.runs.find(isActive);
      if (info !== undefined) {
        return { kernelId, info };
      }
    }
    return null;
  }
}
