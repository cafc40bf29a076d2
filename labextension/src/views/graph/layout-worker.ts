/** The layout workers: one of each kind for the page, started when the first graph needs it. */
import ELK, { type ELK as Elk } from 'elkjs/lib/elk-api';
import type { Arrangement, Request } from './layered';
import type { Engines } from './layout';

let elk: Elk | null = null;
let arranger: Arranger | null = null;

/** Workers are files of the extension: a page whose policy forbids code from elsewhere allows them. */
export const workers: Engines = {
  elk: () => {
    elk ??= new ELK({
      workerFactory: () => new Worker(new URL('elkjs/lib/elk-worker.min.js', import.meta.url))
    });
    return elk;
  },
  arrange: request => {
    arranger ??= new Arranger(new Worker(new URL('./arrange-worker.js', import.meta.url)));
    return arranger.arrange(request);
  }
};

type Waiting = { resolve: (found: Arrangement) => void; reject: (error: Error) => void };

class Arranger {
  private readonly waiting = new Map<number, Waiting>();
  private count = 0;

  constructor(private readonly worker: Worker) {
    worker.onmessage = ({ data }: MessageEvent<{ id: number; arrangement: Arrangement }>) => {
      this.waiting.get(data.id)?.resolve(data.arrangement);
      this.waiting.delete(data.id);
    };
    worker.onerror = event => {
      for (const { reject } of this.waiting.values()) {
        reject(new Error(event.message || 'the worker could not be started'));
      }
      this.waiting.clear();
      arranger = null;
    };
  }

  arrange(request: Request): Promise<Arrangement> {
    const id = this.count++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, request });
    });
  }
}
