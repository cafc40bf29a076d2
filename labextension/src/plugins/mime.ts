/** The plugin that draws our outputs in notebooks: runs, live or saved, and models. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import { Tabs } from '../kernel/browser-tabs';
import type { Connections } from '../kernel/connections';
import { decodeRecord } from '../kernel/decode';
import type { Models } from '../kernel/followed-models';
import type { OutputData } from '../kernel/run-logs';
import { unpack } from '../kernel/unpack-bundle';
import { MODEL_MIME, type ModelBundle, RUN_MIME } from '../protocol';
import type { Tab } from '../views/model';
import { clip } from '../views/shared/text';
import { trans } from '../views/shared/translation';
import { PLUGINS } from './ids';
import type { Preferences } from './preferences';
import { ClearedOutputs, RunOutput } from './run-output';
import { IConnections, IModels, IPanels, IPreferences } from './tokens';

/** Before HTML, pictures and widgets of the same output. */
const RANK = 10;

export const mime: JupyterFrontEndPlugin<void> = {
  id: PLUGINS.mime,
  description: 'Draws training runs and models in cell outputs.',
  autoStart: true,
  requires: [IRenderMimeRegistry, IConnections, IModels, IPreferences],
  optional: [IPanels],
  activate: (
    _: JupyterFrontEnd,
    registry: IRenderMimeRegistry,
    connections: Connections,
    models: Models,
    preferences: Preferences,
    panels: IPanels | null
  ) => {
    const services = { connections, tabs: new Tabs(), preferences, panels };
    const cleared = new ClearedOutputs();
    registry.addFactory(
      factory(RUN_MIME, (node, lifetime, resolver) => {
        const folder = async () => (resolver === null ? null : folderOf(await resolver.resolveUrl('.')));
        let output: RunOutput | null = null;
        lifetime.addEventListener('abort', () => output && cleared.keep(output), { once: true });
        return (data, replace) => {
          const bundle = decodeRecord('RunBundle', data);
          output ??= cleared.take(bundle) ?? new RunOutput(services);
          output.place = { node, folder, replace };
          return output.show(bundle);
        };
      }),
      RANK
    );
    registry.addFactory(
      factory(
        MODEL_MIME,
        (node, lifetime) => async data =>
          showModel(decodeRecord('ModelBundle', await unpack(data)), node, lifetime, models, panels)
      ),
      RANK
    );
  }
};

/** The folder at an address in the notebook, without the name of a drive. */
function folderOf(address: string): string {
  return decodeURI(address).replace(/^[^/:]*:/, '');
}

async function showModel(
  model: ModelBundle,
  node: HTMLElement,
  lifetime: AbortSignal,
  models: Models,
  panels: IPanels | null
): Promise<void> {
  const [{ render }, live] = await Promise.all([import('../views/model'), models.follow(model)]);
  const el = document.createElement('div');
  node.replaceChildren(el);
  const onOpen = panels && ((tab: Tab) => panels.openModel(live?.state.model ?? model, tab));
  render({ model, live, el, signal: lifetime, onOpen });
}

/** Makes what draws data into `node`, again whenever the data change, until `lifetime` is aborted. */
type MakeDrawing = (
  node: HTMLElement,
  lifetime: AbortSignal,
  resolver: IRenderMime.IResolver | null
) => (data: unknown, replace: ReplaceData) => Promise<void>;

/** Put other data, by MIME type, in the place of all that the output holds. */
type ReplaceData = (data: OutputData) => void;

function factory(mimeType: string, makeDrawing: MakeDrawing): IRenderMime.IRendererFactory {
  return {
    safe: true,
    mimeTypes: [mimeType],
    createRenderer: ({ resolver }) => new Renderer(mimeType, makeDrawing, resolver)
  };
}

class Renderer extends Widget implements IRenderMime.IRenderer {
  private readonly lifetime = new AbortController();
  private readonly draw: ReturnType<MakeDrawing>;

  constructor(
    private readonly mimeType: string,
    makeDrawing: MakeDrawing,
    resolver: IRenderMime.IResolver | null
  ) {
    super();
    this.addClass('layerlab-output');
    this.draw = makeDrawing(this.node, this.lifetime.signal, resolver);
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    try {
      await this.draw(model.data[this.mimeType], data => {
        if (!this.isDisposed) {
          // What a reply holds is JSON.
          model.setData({ data: data as IRenderMime.IMimeModel['data'] });
        }
      });
    } catch (error) {
      const message = document.createElement('p');
      message.className = 'layerlab layerlab-empty';
      const reason = clip(error instanceof Error ? error.message : String(error));
      message.textContent = trans.__('This output cannot be drawn: %1', reason);
      this.node.replaceChildren(message);
    }
  }

  override dispose(): void {
    this.lifetime.abort();
    super.dispose();
  }
}
