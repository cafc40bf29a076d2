/** The page's side of the worker: requests with an end, however the file keeps the worker busy. */
import { Refusal } from './bytes';
import type { Answer, Method, Request, Requests } from './worker-messages';

/** Opening 512 MiB takes some seconds, nearly all of them for its checksum. */
const PATIENCE_SECONDS = 30;

type Waiting = { resolve: (answer: Requests[Method]['answer']) => void; reject: (error: Error) => void };

export class Reading {
  private readonly worker = new Worker(new URL('./file-worker.js', import.meta.url));
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;
  private ended: Error | null = null;

  /** `signal` ends the worker and all that is asked of it. */
  constructor(signal: AbortSignal) {
    this.worker.onmessage = ({ data }: MessageEvent<Answer>) => this.received(data);
    this.worker.onerror = event => this.end(new Error(`The file cannot be read: ${event.message ?? ''}`));
    signal.addEventListener('abort', () => this.close(), { once: true });
  }

  /** End the worker, and with it the memory that the file takes. */
  close(): void {
    this.end(new Error('The file was closed.'));
  }

  ask<M extends Method>(method: M, body: Requests[M]['ask']): Promise<Requests[M]['answer']> {
    if (this.ended !== null) {
      return Promise.reject(this.ended);
    }
    const id = ++this.last;
    const request = { id, method, ...body } as Request;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.end(new Error(`Reading the file took more than ${PATIENCE_SECONDS} s, and was ended.`)),
        PATIENCE_SECONDS * 1_000
      );
      this.waiting.set(id, {
        resolve: answer => {
          clearTimeout(timer);
          resolve(answer);
        },
        reject: error => {
          clearTimeout(timer);
          reject(error);
        }
      });
      // The buffer of a file is handed over, not copied.
      this.worker.postMessage(request, request.method === 'open' ? [request.buffer] : []);
    });
  }

  private received(answer: Answer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ('result' in answer) {
      waiting?.resolve(answer.result);
    } else if ('place' in answer.problem) {
      const { place, expected, got } = answer.problem;
      waiting?.reject(new Refusal(place, expected, got));
    } else {
      waiting?.reject(new Error(answer.problem.message));
    }
  }

  private end(error: Error): void {
    this.ended ??= error;
    this.worker.terminate();
    for (const { reject } of this.waiting.values()) {
      reject(error);
    }
    this.waiting.clear();
  }
}
