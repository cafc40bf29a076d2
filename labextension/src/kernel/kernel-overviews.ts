/** The overviews of this page, one for each kernel: the sidebar, the status bar and panels share them. */
import type { Connections } from './connections';
import { KernelOverview } from './kernel-overview';

export class Overviews {
  private readonly overviews = new Map<string, KernelOverview>();

  constructor(
    private readonly connections: Pick<Connections, 'get'>,
    /** The wanted milliseconds between questions, asked each time: a setting may change. */
    private readonly pause: () => number
  ) {}

  get(kernelId: string): KernelOverview {
    const known = this.overviews.get(kernelId);
    if (known !== undefined) {
      return known;
    }
    const overview = new KernelOverview(() => this.connections.get(kernelId), this.pause);
    this.overviews.set(kernelId, overview);
    return overview;
  }
}
