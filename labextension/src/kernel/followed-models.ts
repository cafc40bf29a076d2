/** The followed models of this page, one of each: cell outputs and panels share them. */
import type { ModelBundle } from '../protocol';
import type { Connections } from './connections';
import { ModelFollower, type ModelSource } from './model-follower';

export class Models {
  private readonly followers = new Map<string, ModelFollower>();

  constructor(private readonly connections: Pick<Connections, 'get'>) {}

  /** The model, followed from `bundle` on; null if its kernel does not run. */
  async follow(bundle: ModelBundle): Promise<ModelSource | null> {
    const connection = await this.connections.get(bundle.kernel_id);
    if (connection === null) {
      return null;
    }
    const key = JSON.stringify([bundle.kernel_id, bundle.model_id]);
    const known = this.followers.get(key);
    if (known && known.state.link !== 'lost') {
      return known;
    }
    const follower = new ModelFollower(connection, bundle);
    this.followers.set(key, follower);
    return follower;
  }

  /** The model as its kernel knows it now; null if there is no such kernel. Rejects with RequestError. */
  async describe(kernelId: string, modelId: string): Promise<ModelBundle | null> {
    const connection = await this.connections.get(kernelId);
    return connection?.request({ method: 'describe_model', model_id: modelId }) ?? null;
  }
}
