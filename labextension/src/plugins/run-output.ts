/** The picture of one run in one output: followed live while its kernel knows it, else as it was saved. */
import type { Connections } from '../kernel/connections';
import type { OutputData } from '../kernel/run-logs';
import { isOver, type RunSource, savedSource } from '../kernel/source';
import type { Tabs } from '../kernel/tabs';
import { RUN_MIME, type RunBundle } from '../protocol';
import { lossText } from '../views/shared/loss-text';
import { trans } from '../views/shared/trans';
import type { Preferences } from './preferences';
import type { IPanels } from './tokens';

/** How long the kernel has, after the end of a run, to replace the output itself, in milliseconds. */
const SETTLE = 2_000;

/** What an output is made with. */
export type RunOutputServices = {
  connections: Pick<Connections, 'follow' | 'describe' | 'describeLogged'>;
  tabs: Pick<Tabs, 'hold' | 'isFirst'>;
  preferences: Pick<Preferences, 'charts'>;
  panels?: Pick<IPanels, 'open'> | null;
  /** The path of the notebook's folder; null where the output is in no notebook. */
  folder: () => Promise<string | null>;
  /** Put other data in the place of this output's, in the notebook. */
  replace: (data: OutputData) => void;
};

type Shown = { source: RunSource; bundle: RunBundle };

export class RunOutput {
  private drawn = new AbortController();
  private shown: Shown | null = null;
  /** Whether the kernel replaces this output, as it does in the page in which the cell was run. */
  private isFed = false;
  private settling: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly services: RunOutputServices,
    private readonly node: HTMLElement,
    private readonly lifetime: AbortSignal
  ) {
    lifetime.addEventListener('abort', () => this.stop(), { once: true });
  }

  /** Show the bundle; called again when the kernel replaced it. */
  async show(bundle: RunBundle): Promise<void> {
    if (this.shown?.bundle.run_id === bundle.run_id && this.shown.source.steer !== null) {
      this.isFed = true;
      // The live picture has every point, and ends by itself: the new bundle is for when it cannot.
      this.shown = { source: this.shown.source, bundle };
      this.followerChanged(this.shown.source);
      return;
    }
    const { connections } = this.services;
    const follower = bundle.live ? await connections.follow(bundle.kernel_id, bundle.run_id) : null;
    if (this.lifetime.aborted) {
      return;
    }
    if (follower === null) {
      const why = bundle.live ? trans.__('The kernel of this run is gone.') : lossText('unknown');
      await this.draw(savedSource(bundle, why), bundle);
      if (bundle.live) {
        await this.settle();
      }
      return;
    }
    await this.draw(follower, bundle);
    const stop = follower.subscribe(() => this.followerChanged(follower));
    this.drawn.signal.addEventListener('abort', stop, { once: true });
    this.followerChanged(follower);
  }

  private followerChanged({ state: { run, link } }: RunSource): void {
    const bundle = this.shown?.bundle;
    if (bundle === undefined || (link.kind !== 'stale' && link.kind !== 'ended')) {
      return;
    }
    if (link.kind === 'stale' && !isOver(run)) {
      const saved = savedSource(bundle, link.message);
      const isMore = run.status === 'empty' ? bundle.events.length > 0 : isOver(saved.state.run);
      if (isMore) {
        // What was saved is better than a live picture that broke off.
        void this.draw(saved, bundle);
      }
    }
    if (bundle.live) {
      clearTimeout(this.settling);
      this.settling = setTimeout(() => void this.settle(), SETTLE);
    }
  }

  /**
   * A kernel replaces the output of the page in which the cell was run. After a reload it does not find it, and
   * one that died cannot: then the notebook would go on to hold the picture of a run that is under way. Of several
   * tabs one writes; the others hold what they were opened with, and have nothing to save.
   */
  private async settle(): Promise<void> {
    const shown = this.unsettled();
    const isOurs = shown !== null && (await this.services.tabs.isFirst(shown.bundle.run_id));
    const data = isOurs && (await this.finalOutput(shown));
    // Asked again: meanwhile the kernel may have replaced it.
    const unsettled = this.unsettled();
    if (data && unsettled) {
      const { kernel_id, charts } = unsettled.bundle; // no log has these
      this.services.replace({ ...data, [RUN_MIME]: { ...(data[RUN_MIME] as object), kernel_id, charts } });
    }
  }

  private unsettled(): Shown | null {
    return this.shown?.bundle.live && !this.lifetime.aborted ? this.shown : null;
  }

  /** What the run's kernel says; where its process is gone, what its log says. */
  private async finalOutput({ source, bundle }: Shown): Promise<OutputData | null> {
    const { connections, folder } = this.services;
    const place = source.state.link.kind === 'ended' ? null : await folder();
    const logged = place === null ? null : await connections.describeLogged(bundle.run_id, place);
    return logged ?? connections.describe(bundle.kernel_id, bundle.run_id);
  }

  private async draw(source: RunSource, bundle: RunBundle): Promise<void> {
    this.drawn.abort();
    const drawn = new AbortController();
    this.drawn = drawn;
    this.shown = { source, bundle };
    this.services.tabs.hold(bundle.run_id, () => this.isFed, drawn.signal);
    const { render } = await import('../views/monitor');
    if (!drawn.signal.aborted && !this.lifetime.aborted) {
      const el = document.createElement('div');
      this.node.replaceChildren(el);
      // A panel is drawn by the kernel's help: where that is gone, there is nothing to open.
      const { panels, preferences } = this.services;
      const subject = { kind: 'run' as const, kernelId: bundle.kernel_id, id: bundle.run_id };
      const onOpen = panels && source.steer !== null ? () => panels.open(subject) : null;
      render({ source, el, signal: drawn.signal, onOpen, settings: preferences.charts });
    }
  }

  private stop(): void {
    clearTimeout(this.settling);
    this.drawn.abort();
  }
}
