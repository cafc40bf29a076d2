/** The content of a panel: one view of a model, or a run, of a kernel. */
import { Widget } from '@lumino/widgets';
import { RequestError } from '../kernel/connection';
import type { Connections } from '../kernel/connections';
import type { Models } from '../kernel/followed-models';
import type { ModelBundle } from '../protocol';
import type { ModelView } from '../views/kernel-overview';
import { reasonText } from '../views/shared/error-reason';
import { clip } from '../views/shared/text';
import { trans } from '../views/shared/translation';
import type { Notebooks } from './active-notebook';
import type { Preferences } from './preferences';
import type { PanelSubject } from './tokens';

/** Where a panel gets what it shows. */
export type Sources = {
  connections: Connections;
  models: Models;
  notebooks: Pick<Notebooks, 'overviewOf'>;
  preferences: Preferences;
};

export class SubjectPanel extends Widget {
  private drawn = new AbortController();

  constructor(
    readonly subject: PanelSubject,
    private readonly sources: Sources
  ) {
    super();
    this.addClass('layerlab-panel');
    this.title.label = subject.kind === 'model' ? trans.__('Model') : trans.__('Training');
  }

  /** Draw the model as it is given, or else what the kernel knows of the subject. */
  async draw(model: ModelBundle | null): Promise<void> {
    this.drawn.abort();
    const drawn = new AbortController();
    this.drawn = drawn;
    const el = document.createElement('div');
    el.className = 'layerlab-fills';
    el.append(message(trans.__('Asking the kernel …')));
    this.node.replaceChildren(el);
    try {
      await this.drawSubject(model, el, drawn.signal);
    } catch (error) {
      if (!drawn.signal.aborted) {
        this.explain(el, error);
      }
    }
  }

  override dispose(): void {
    this.drawn.abort();
    super.dispose();
  }

  private async drawSubject(model: ModelBundle | null, el: HTMLElement, signal: AbortSignal): Promise<void> {
    if (this.subject.kind === 'run') {
      await this.drawRun(this.subject.id, el, signal);
      return;
    }
    const { kernelId, id, view } = this.subject;
    const bundle = model ?? (await this.sources.models.describe(kernelId, id));
    if (bundle === null) {
      throw new Error(gone());
    }
    this.name(bundle.name, view);
    this.title.caption = clip(`${bundle.name} (${bundle.class_name})`);
    if (view === 'curves') {
      await this.drawCurves(id, el, signal);
    } else {
      await this.drawModel(bundle, view, el, signal);
    }
  }

  private async drawModel(
    model: ModelBundle,
    view: 'graph' | 'summary',
    el: HTMLElement,
    signal: AbortSignal
  ): Promise<void> {
    const [{ render }, live] = await Promise.all([
      import('../views/model'),
      this.sources.models.follow(model)
    ]);
    if (!signal.aborted) {
      el.replaceChildren();
      render({ model, live, el, signal, fills: true, tabs: [view] });
    }
  }

  private async drawCurves(modelId: string, el: HTMLElement, signal: AbortSignal): Promise<void> {
    const { connections, notebooks, preferences } = this.sources;
    const { kernelId } = this.subject;
    const [curves, monitor] = await Promise.all([import('../views/curves'), import('../views/monitor')]);
    if (!signal.aborted) {
      el.replaceChildren();
      curves.render({
        modelId,
        overview: notebooks.overviewOf(kernelId),
        follow: runId => connections.follow(kernelId, runId),
        draw: (source, place, lifetime) =>
          monitor.render({ source, el: place, signal: lifetime, settings: preferences.charts }),
        el,
        signal
      });
    }
  }

  private async drawRun(runId: string, el: HTMLElement, signal: AbortSignal): Promise<void> {
    const { connections, preferences } = this.sources;
    const source = await connections.follow(this.subject.kernelId, runId);
    if (source === null) {
      throw new Error(gone());
    }
    const { render } = await import('../views/monitor');
    const rename = () => this.name(source.state.run.modelName || trans.__('Model'), 'run');
    signal.addEventListener('abort', source.subscribe(rename), { once: true });
    rename();
    if (!signal.aborted) {
      el.replaceChildren();
      render({ source, el, signal, settings: preferences.charts });
    }
  }

  private name(name: string, view: ModelView | 'run'): void {
    this.title.label = `${clip(name, 30)} · ${viewTitle(view)}`;
  }

  private explain(el: HTMLElement, error: unknown): void {
    const again = document.createElement('button');
    again.type = 'button';
    again.className = 'layerlab-button';
    again.textContent = trans.__('Try again');
    again.addEventListener('click', () => void this.draw(null));
    el.className = 'layerlab layerlab-fills';
    el.replaceChildren(message(clip(reason(error), 600)), again);
  }
}

function gone(): string {
  return trans.__('The kernel that held this is gone. Run its cell again to see it here.');
}

function reason(error: unknown): string {
  // After a restart the kernel knows nothing of what it had.
  const isGone = error instanceof RequestError && (error.code === 'no_handler' || error.code === 'gone');
  return isGone ? gone() : reasonText(error);
}

function viewTitle(view: ModelView | 'run'): string {
  switch (view) {
    case 'graph':
      return trans.__('Graph');
    case 'summary':
      return trans.__('Summary');
    case 'curves':
      return trans.__('Curves');
    case 'run':
      return trans.__('Training');
  }
}

function message(text: string): HTMLElement {
  const element = document.createElement('p');
  element.className = 'layerlab layerlab-empty';
  element.setAttribute('role', 'status');
  element.textContent = text;
  return element;
}
