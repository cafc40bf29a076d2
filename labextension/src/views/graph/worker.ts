/** The layout worker: one for the page, started when the first graph is drawn. */
import ELK, { type ELK as Elk } from 'elkjs/lib/elk-api';

let elk: Elk | null = null;

export function sharedElk(): Elk {
  elk ??= new ELK({
    workerFactory: () => new Worker(new URL('elkjs/lib/elk-worker.min.js', import.meta.url))
  });
  return elk;
}
