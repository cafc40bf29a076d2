/** Which notebook is active, which kernels the open notebooks have, and what those kernels have. */
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import type { KernelOverview } from '../kernel/kernel-overview';
import type { Overviews } from '../kernel/kernel-overviews';
import type { Place, PlaceSource } from '../views/kernel-overview';

export class Notebooks implements PlaceSource {
  private place: Place = { notebook: null, kernel: 'none', overview: null };
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly tracker: INotebookTracker | null,
    private readonly overviews: Overviews
  ) {
    tracker?.forEach(panel => {
      this.watch(panel);
    });
    tracker?.widgetAdded.connect((_, panel) => this.watch(panel));
    tracker?.currentChanged.connect(() => this.update());
    this.update();
  }

  get state(): Place {
    return this.place;
  }

  /** The id of the active notebook's kernel. */
  get kernelId(): string | null {
    return kernelOf(this.tracker?.currentWidget ?? null)?.id ?? null;
  }

  /** What a kernel has, whether or not a notebook is open for it. */
  overviewOf(kernelId: string): KernelOverview {
    return this.overviews.get(kernelId);
  }

  /** The kernels of all open notebooks, that of the active one first. */
  get kernels(): { kernelId: string; overview: KernelOverview }[] {
    const ids = new Set([this.kernelId]);
    this.tracker?.forEach(panel => {
      ids.add(kernelOf(panel)?.id ?? null);
    });
    return [...ids]
      .filter(id => id !== null)
      .map(kernelId => ({ kernelId, overview: this.overviews.get(kernelId) }));
  }

  /** Call `listener` when another notebook or kernel became active, or a notebook's kernel changed. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  private watch(panel: NotebookPanel): void {
    const { sessionContext } = panel;
    sessionContext.kernelChanged.connect(() => this.update());
    sessionContext.statusChanged.connect((_, status) => this.onStatus(panel, status));
    sessionContext.propertyChanged.connect(() => this.update());
    panel.disposed.connect(() => this.update());
    this.update();
  }

  private onStatus(panel: NotebookPanel, status: Kernel.Status): void {
    const kernel = kernelOf(panel);
    if (kernel !== null && (status === 'busy' || status === 'idle')) {
      this.overviews.get(kernel.id).nudge(status === 'busy');
    }
    this.update();
  }

  private update(): void {
    const panel = this.tracker?.currentWidget ?? null;
    const kernel = kernelOf(panel);
    const place: Place = {
      notebook: panel?.title.label ?? null,
      kernel: kernel === null ? 'none' : kernel.status === 'dead' ? 'dead' : 'alive',
      overview: kernel === null ? null : this.overviews.get(kernel.id)
    };
    if (!isSame(place, this.place)) {
      this.place = place;
    }
    // Also when the active notebook is as it was: another one may have got another kernel.
    for (const listener of [...this.listeners]) {
      listener();
    }
  }
}

function isSame(a: Place, b: Place): boolean {
  return a.notebook === b.notebook && a.kernel === b.kernel && a.overview === b.overview;
}

function kernelOf(panel: NotebookPanel | null): Kernel.IKernelConnection | null {
  return panel?.sessionContext.session?.kernel ?? null;
}
