/** The connections and followed runs of this page, one of each: views share them. */
import type { Kernel } from '@jupyterlab/services';
import { RUN_MIME } from '../protocol';
import { KernelConnection } from './connection';
import { decodeRecord } from './decode';
import { type LossText, RunFollower } from './run-follower';
import type { OutputData, RunLogs } from './run-logs';

export class Connections {
  private readonly connections = new Map<string, Promise<KernelConnection | null>>();
  private readonly followers = new Map<string, RunFollower>();

  constructor(
    private readonly kernels: Kernel.IManager,
    private readonly logs: Pick<RunLogs, 'read' | 'readOf'>,
    private readonly lossText: LossText
  ) {}

  /** The connection to a kernel, or null if no such kernel runs. */
  async get(kernelId: string): Promise<KernelConnection | null> {
    const known = await this.connections.get(kernelId);
    if (known && !known.isDisposed) {
      return known;
    }
    const connecting = this.connect(kernelId);
    this.connections.set(kernelId, connecting);
    return connecting;
  }

  /** The run, followed live; the same object for all who ask while it lives. */
  async follow(kernelId: string, runId: string): Promise<RunFollower | null> {
    const connection = await this.get(kernelId);
    if (connection === null) {
      return null;
    }
    const key = JSON.stringify([kernelId, runId]);
    const known = this.followers.get(key);
    if (known && known.state.link.kind !== 'stale') {
      return known;
    }
    const readLog = async () => {
      const data = await this.logs.readOf(runId, kernelId);
      return data === null ? null : decodeRecord('RunBundle', data[RUN_MIME]);
    };
    const follower = new RunFollower(connection, runId, this.lossText, readLog);
    this.followers.set(key, follower);
    return follower;
  }

  /** The run as an output that needs no kernel, as its kernel gives it; null where that does not know it. */
  async describe(kernelId: string, runId: string): Promise<OutputData | null> {
    try {
      const connection = await this.get(kernelId);
      const reply = await connection?.request({ method: 'describe_run', run_id: runId });
      return reply?.data ?? null;
    } catch {
      return null;
    }
  }

  /** The same of a run whose kernel process is gone, as its log has it. */
  describeLogged(runId: string, folder: string): Promise<OutputData | null> {
    return this.logs.read(runId, folder);
  }

  private async connect(kernelId: string): Promise<KernelConnection | null> {
    // A name from a notebook goes into an address: only the form that kernels have.
    if (!/^[\w-]{1,100}$/.test(kernelId)) {
      return null;
    }
    const model = await this.kernels.findById(kernelId).catch(() => undefined);
    if (model === undefined) {
      this.connections.delete(kernelId);
      return null;
    }
    return new KernelConnection(this.kernels.connectTo({ model, handleComms: false }));
  }
}
