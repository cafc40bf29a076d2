/** The content of a tab that shows a model file: fetches it, has it read by a worker, draws it. */
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { type Contents, ServerConnection } from '@jupyterlab/services';
import { Widget } from '@lumino/widgets';
import { Reading } from '../keras-file/file-reader';
import type { Step } from '../keras-file/json-branches';
import type { Statistics } from '../keras-file/statistics';
import type { Document } from '../keras-file/worker-messages';
import { bytes } from '../views/shared/text';
import { trans } from '../views/shared/translation';

/** The page keeps the whole file in memory, once. */
export const MAX_FILE_BYTES = 512 * 2 ** 20;

export class FilePanel extends Widget {
  private drawn = new AbortController();

  constructor(
    private readonly context: DocumentRegistry.Context,
    private readonly contents: Contents.IManager
  ) {
    super();
    this.addClass('layerlab-panel');
    this.addClass('layerlab-file-panel');
    void context.ready.then(() => {
      void this.draw();
      context.fileChanged.connect(this.draw, this);
    });
  }

  override dispose(): void {
    this.drawn.abort();
    super.dispose();
  }

  private async draw(): Promise<void> {
    this.drawn.abort();
    const drawn = new AbortController();
    this.drawn = drawn;
    if (this.isDisposed) {
      return;
    }
    const el = document.createElement('div');
    el.className = 'layerlab layerlab-fills layerlab-empty';
    this.node.replaceChildren(el);
    const { signal } = drawn;
    const onReload = () => void this.context.revert().catch(() => {});
    const fileName = this.context.localPath.split('/').at(-1) ?? '';
    const { render, renderProblem } = await import('../views/keras-file');
    try {
      const file = await this.read(fileName, signal, text => {
        el.textContent = text;
      });
      if (!signal.aborted) {
        el.className = 'layerlab-fills';
        render({ file, el, signal, onReload });
      }
    } catch (error) {
      if (!signal.aborted) {
        el.className = 'layerlab-fills';
        renderProblem({ fileName, error, el, signal, onReload });
      }
    }
  }

  private async read(fileName: string, signal: AbortSignal, tell: (text: string) => void) {
    const { localPath, path } = this.context;
    const sizeBytes = (await this.contents.get(path, { content: false })).size ?? 0;
    if (sizeBytes > MAX_FILE_BYTES) {
      const [size, most] = [bytes(sizeBytes), bytes(MAX_FILE_BYTES)];
      throw new Error(
        trans.__('It has %1. Files of up to %2 are shown here; load larger ones in a notebook.', size, most)
      );
    }
    const url = await this.contents.getDownloadUrl(path);
    const settings = this.contents.serverSettings ?? ServerConnection.makeSettings();
    const response = await ServerConnection.makeRequest(url, { signal, cache: 'no-store' }, settings);
    if (!response.ok || response.body === null) {
      throw new Error(
        trans.__('The server does not give it: %1', `${response.status} ${response.statusText}`)
      );
    }
    const buffer = await receive(response.body, sizeBytes, done =>
      tell(trans.__('Reading %1 of %2 …', bytes(done), bytes(sizeBytes)))
    );
    const reading = new Reading(signal);
    const format = /\.h5$/i.test(localPath) ? 'weights' : 'keras';
    const description = await reading.ask('open', { format, buffer }).catch(error => {
      reading.close(); // what was refused need not stay in memory
      throw error;
    });
    const known = new Map<number, Promise<Statistics | null>>();
    const statistics = (index: number) => {
      const found = known.get(index) ?? reading.ask('statistics', { index });
      known.set(index, found);
      return found;
    };
    return {
      fileName,
      sizeBytes,
      description,
      statistics,
      children: (document: Document, path: readonly Step[], from: number) =>
        reading.ask('children', { document, path, from })
    };
  }
}

/** The bytes of a stream, at most as many as the limit, whatever the server said before. */
async function receive(
  stream: ReadableStream<Uint8Array>,
  expected: number,
  tell: (done: number) => void
): Promise<ArrayBuffer> {
  let target = new Uint8Array(expected);
  let filled = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return filled === target.length ? target.buffer : target.slice(0, filled).buffer;
    }
    if (filled + value.length > MAX_FILE_BYTES) {
      void reader.cancel();
      throw new Error(trans.__('It grew past %1 while it was read.', bytes(MAX_FILE_BYTES)));
    }
    if (filled + value.length > target.length) {
      const larger = new Uint8Array(Math.max(filled + value.length, 2 * target.length));
      larger.set(target);
      target = larger;
    }
    target.set(value, filled);
    filled += value.length;
    tell(filled);
  }
}
