/**
 * A model followed live: its revision is asked for while somebody looks, and the model itself when that changed.
 */
import type { LayerReport, ModelBundle } from '../protocol';
import { type KernelConnection, RequestError } from './connection';
import { Poller } from './poller';

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
  private readonly poller: Poller<FollowedModel>;

  constructor(
    private readonly connection: Connection,
    model: ModelBundle,
    private readonly isPageHidden = () => document.hidden
  ) {
    this.poller = new Poller<FollowedModel>({ model, link: 'live' }, () => this.ask());
    connection.onLost(() => this.lose(), this.poller.signal);
  }

  get state(): FollowedModel {
    return this.poller.state;
  }

  subscribe(listener: () => void): () => void {
    return this.poller.subscribe(listener);
  }

  readonly describeLayer: DescribeLayer = nodeId =>
    this.connection.request({
      method: 'describe_layer',
      model_id: this.state.model.model_id,
      node_id: nodeId
    });

  private async ask(): Promise<number> {
    const began = performance.now();
    if (!this.isPageHidden()) {
      await this.look();
    }
    return Math.max(PACE, Math.min(10 * PACE, SHARE * (performance.now() - began)));
  }

  private async look(): Promise<void> {
    const { model, link } = this.state;
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
        this.publish({ model: this.state.model, link: 'waiting' });
      }
    }
  }

  private lose(): void {
    this.publish({ model: this.state.model, link: 'lost' });
    this.poller.end();
  }

  /** Nothing is told any more of a model that is lost. */
  private publish(state: FollowedModel): void {
    const isNew = state.model !== this.state.model || state.link !== this.state.link;
    if (isNew && !this.poller.signal.aborted) {
      this.poller.publish(state);
    }
  }
}

/** Answers after which asking again is pointless: the model, or its kernel process, is no more. */
const LOST: ReadonlySet<RequestError['code']> = new Set(['unknown_model', 'no_handler', 'gone']);
