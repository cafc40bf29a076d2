/** The content of a panel: a model or a run of a kernel. */
import { Widget } from '@lumino/widgets';
import type { Connections } from '../kernel/connections';
import type { ModelBundle } from '../protocol';
import { clip } from '../views/shared/text';
import type { PanelSubject } from './tokens';

const GONE = 'The kernel that held this is gone. Run its cell again to see it here.';

export class SubjectPanel extends Widget {
  private drawn = new AbortController();

  constructor(
    readonly subject: PanelSubject,
    private readonly connections: Connections
  ) {
    super();
    this.addClass('layerlab-panel');
    this.title.label = subject.kind === 'model' ? 'Model' : 'Training';
  }

  /** Draw the model as it is given, or else what the kernel knows of the subject. */
  async draw(model: ModelBundle | null): Promise<void> {
    this.drawn.abort();
    const drawn = new AbortController();
    this.drawn = drawn;
    const el = document.createElement('div');
    el.className = 'layerlab-fills';
    this.node.replaceChildren(el);
    try {
      if (this.subject.kind === 'run') {
        await this.drawRun(el, drawn.signal);
      } else {
        await this.drawModel(model ?? (await this.describe()), el, drawn.signal);
      }
    } catch (error) {
      el.className = 'layerlab layerlab-empty';
      el.textContent = clip(error instanceof Error ? error.message : String(error), 600);
    }
  }

  override dispose(): void {
    this.drawn.abort();
    super.dispose();
  }

  private async drawModel(model: ModelBundle, el: HTMLElement, signal: AbortSignal): Promise<void> {
    const { render } = await import('../views/model');
    this.title.label = clip(model.name, 30);
    this.title.caption = clip(`${model.name} (${model.class_name})`);
    render({ model, el, signal, fills: true });
  }

  private async drawRun(el: HTMLElement, signal: AbortSignal): Promise<void> {
    const { kernelId, id } = this.subject;
    const source = await this.connections.follow(kernelId, id);
    if (source === null) {
      throw new Error(GONE);
    }
    const { render } = await import('../views/monitor');
    const rename = () => {
      this.title.label = clip(source.state.run.modelName, 30) || 'Training';
    };
    signal.addEventListener('abort', source.subscribe(rename), { once: true });
    rename();
    render({ source, el, signal });
  }

  private async describe(): Promise<ModelBundle> {
    const { kernelId, id } = this.subject;
    const connection = await this.connections.get(kernelId);
    if (connection === null) {
      throw new Error(GONE);
    }
    return connection.request({ method: 'describe_model', model_id: id });
  }
}
