/**
 * A model followed live: its revision is asked for while somebody looks, and the model itself when that changed.
 */
import type { LayerReport, ModelBundle } from '../protocol';
import { type KernelConnection, RequestError } from './connection';

/** How the picture relates to the kernel: it moves, it is for now unknown whether it is right, or it is the last. */
export type ModelLink = 'live' | 'waiting' | 'lost';

export type FollowedModel = { readonly model: ModelBundle; readonly link: ModelLink };

export interface ModelSource {
  /** A new object when something changed, else the same. */
  readonly state: FollowedModel;
  /** Call `listener` after each change, and keep asking meanwhile; returns how to end that. */
  subscribe(listener: () => void): () => void;
  /** The weights of the layer of a node as they are now. Rejects with RequestError. */
  readonly describeLayer: DescribeLayer;
}

export type DescribeLayer = (nodeId: string) => Promise<LayerReport>;

/** Whether asking again in a moment may help. */
export function isBusy(error: unknown): boolean {
  return error instanceof RequestError && (error.code === 'busy' || error.code === 'timeout');
}

/** Milliseconds between questions. */
const PACE = 1_000;
/** Describing a revision takes the kernel longer for a larger model: it is to be a small part of its time. */
const SHARE = 20;

type Connection = Pick<KernelConnection, 'request' | 'onLost'>;

export class ModelFollower implements ModelSource {
  private current: FollowedModel;
  private readonly listeners = new Set<() => void>();
  private readonly lifetime = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isAsking = false;

  constructor(
    private readonly connection: Connection,
    model: ModelBundle,
    private readonly isPageHidden = () => document.hidden
  ) {
    this.current = { model, link: 'live' };
    connection.onLost(() => this.lose(), this.lifetime.signal);
  }

  get state(): FollowedModel {
    return this.current;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    if (!this.isAsking) {
      clearTimeout(this.timer);
      void this.ask();
    }
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) {
        clearTimeout(this.timer);
      }
    };
  }

  readonly describeLayer: DescribeLayer = nodeId =>
    this.connection.request({
      method: 'describe_layer',
      model_id: this.current.model.model_id,
      node_id: nodeId
    });

  private async ask(): Promise<void> {
    if (this.lifetime.signal.aborted) {
      return;
    }
    this.isAsking = true;
    const began = performance.now();
    if (!this.isPageHidden()) {
      await this.look();
    }
    this.isAsking = false;
    if (this.listeners.size > 0 && !this.lifetime.signal.aborted) {
      const pause = Math.max(PACE, Math.min(10 * PACE, SHARE * (performance.now() - began)));
      this.timer = setTimeout(() => void this.ask(), pause);
    }
  }

  private async look(): Promise<void> {
    const { model, link } = this.current;
    try {
      const { revision } = await this.connection.request({ method: 'model_state', model_id: model.model_id });
      if (revision !== model.revision) {
        const changed = await this.connection.request({ method: 'describe_model', model_id: model.model_id });
        this.publish({ model: changed, link: 'live' });
      } else if (link !== 'live') {
        this.publish({ model, link: 'live' });
      }
    } catch (error) {
      if (error instanceof RequestError && LOST.has(error.code)) {
        this.lose();
      } else {
        this.publish({ model: this.current.model, link: 'waiting' });
      }
    }
  }

  private lose(): void {
    if (!this.lifetime.signal.aborted) {
      this.lifetime.abort();
      clearTimeout(this.timer);
      this.publish({ model: this.current.model, link: 'lost' });
    }
  }

  private publish(state: FollowedModel): void {
    if (state.model === this.current.model && state.link === this.current.link) {
      return;
    }
    if (this.current.link !== 'lost') {
      this.current = state;
      for (const listener of [...this.listeners]) {
        listener();
      }
    }
  }
}

/** Answers after which asking again is pointless: the model, or its kernel process, is no more. */
const LOST: ReadonlySet<RequestError['code']> = new Set(['unknown_model', 'no_handler', 'gone']);
