/**
 * The final outputs of runs whose kernel process is gone. The server makes them from the logs that the runs left;
 * no kernel is needed, and none is made to run anything.
 */
import { PathExt, URLExt } from '@jupyterlab/coreutils';
import { ServerConnection, type Session } from '@jupyterlab/services';

/** The data of an output, by MIME type. */
export type OutputData = Readonly<Record<string, unknown>>;

export class RunLogs {
  private readonly found = new Map<string, Promise<OutputData | null>>();

  constructor(
    private readonly settings: ServerConnection.ISettings,
    private readonly sessions: Pick<Session.IManager, 'running'>
  ) {}

  /** The output of a run that ended with its kernel; `folder` is that of its notebook. */
  async read(runId: string, folder: string): Promise<OutputData | null> {
    const key = JSON.stringify([runId, folder]);
    const asked = this.found.get(key) ?? this.fetch(runId, folder).catch(() => null);
    this.found.set(key, asked);
    if ((await asked) === null) {
      this.found.delete(key); // the log may be there later
    }
    return asked;
  }

  /** The same for a run of a kernel that was restarted, or died and was started again. */
  async readOf(runId: string, kernelId: string): Promise<OutputData | null> {
    const session = [...this.sessions.running()].find(({ kernel }) => kernel?.id === kernelId);
    return session === undefined ? null : this.read(runId, PathExt.dirname(session.path));
  }

  private async fetch(runId: string, folder: string): Promise<OutputData | null> {
    const address = URLExt.join(this.settings.baseUrl, 'layerlab/runs', encodeURIComponent(runId));
    const query = URLExt.objectToQueryString({ folder });
    const response = await ServerConnection.makeRequest(address + query, {}, this.settings);
    const data: unknown = response.ok ? await response.json() : null;
    return typeof data === 'object' && data !== null ? (data as OutputData) : null;
  }
}
