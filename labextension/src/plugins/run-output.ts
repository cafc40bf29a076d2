/** The picture of one run in one output: followed live while its kernel knows it, else as it was saved. */
import type { Connections } from '../kernel/connections';
import { type RunSource, savedSource } from '../kernel/source';
import type { RunBundle } from '../protocol';
import type { IPanels } from './tokens';

const NO_KERNEL = 'The kernel of this run is gone.';

export class RunOutput {
  private drawn = new AbortController();
  private shown: { source: RunSource; bundle: RunBundle } | null = null;

  constructor(
    private readonly connections: Pick<Connections, 'follow'>,
    private readonly node: HTMLElement,
    private readonly lifetime: AbortSignal,
    private readonly panels: Pick<IPanels, 'open'> | null = null
  ) {
    lifetime.addEventListener('abort', () => this.drawn.abort(), { once: true });
  }

  /** Show the bundle; called again when the kernel replaced it. */
  async show(bundle: RunBundle): Promise<void> {
    if (this.shown?.bundle.run_id === bundle.run_id && this.shown.source.state.link.kind !== 'stale') {
      // The live picture has every point, and ends by itself: the new bundle is for when it cannot.
      this.shown = { source: this.shown.source, bundle };
      return;
    }
    const follower = bundle.live ? await this.connections.follow(bundle.kernel_id, bundle.run_id) : null;
    if (this.lifetime.aborted) {
      return;
    }
    if (follower === null) {
      await this.draw(savedSource(bundle, NO_KERNEL), bundle);
      return;
    }
    await this.draw(follower, bundle);
    const stop = follower.subscribe(() => this.followerChanged(follower));
    this.drawn.signal.addEventListener('abort', stop, { once: true });
  }

  /** What was saved is better than a live picture that broke off, if it holds the end or anything at all. */
  private followerChanged({ state: { run, link } }: RunSource): void {
    const bundle = this.shown?.bundle;
    if (
      link.kind === 'stale' &&
      bundle &&
      (!bundle.live || (run.status === 'empty' && bundle.events.length > 0))
    ) {
      void this.draw(savedSource(bundle, link.message), bundle);
    }
  }

  private async draw(source: RunSource, bundle: RunBundle): Promise<void> {
    this.drawn.abort();
    const drawn = new AbortController();
    this.drawn = drawn;
    this.shown = { source, bundle };
    const { render } = await import('../views/monitor');
    if (!drawn.signal.aborted && !this.lifetime.aborted) {
      const el = document.createElement('div');
      this.node.replaceChildren(el);
      // A panel is drawn by the kernel's help: where that is gone, there is nothing to open.
      const { panels } = this;
      const subject = { kind: 'run' as const, kernelId: bundle.kernel_id, id: bundle.run_id };
      const onOpen = panels !== null && source.steer !== null ? () => panels.open(subject) : null;
      render({ source, el, signal: drawn.signal, onOpen });
    }
  }
}
