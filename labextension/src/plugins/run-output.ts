/** The picture of one run in one output: followed live while its kernel knows it, else as it was saved. */

import type { Tabs } from '../kernel/browser-tabs';
import type { Connections } from '../kernel/connections';
import type { OutputData } from '../kernel/run-logs';
import { isOver, type RunSource, savedSource } from '../kernel/run-source';
import { RUN_MIME, type RunBundle } from '../protocol';
import { lossText } from '../views/shared/loss-text';
import { trans } from '../views/shared/translation';
import type { Preferences } from './preferences';
import type { IPanels } from './tokens';

/** How long the kernel has, after the end of a run, to replace the output itself, in milliseconds. */
const SETTLE = 2_000;

/** How long a picture waits for the kernel to show its run again, in milliseconds. */
const KEPT = 3_000;

/** What an output is made with. */
export type RunOutputServices = {
  connections: Pick<Connections, 'follow' | 'describe' | 'describeLogged'>;
  tabs: Pick<Tabs, 'hold' | 'isFirst'>;
  preferences: Pick<Preferences, 'charts'>;
  panels?: Pick<IPanels, 'open'> | null;
};

/** Where an output is. */
export type Place = {
  node: HTMLElement;
  /** The path of the notebook's folder; null where the output is in no notebook. */
  folder: () => Promise<string | null>;
  /** Put other data in the place of this output's, in the notebook. */
  replace: (data: OutputData) => void;
};

type Shown = { source: RunSource; bundle: RunBundle };

export class RunOutput {
  private readonly lifetime = new AbortController();
  private drawn = new AbortController();
  private readonly el = document.createElement('div');
  private at: Place | null = null;
  private shown: Shown | null = null;
  /** Whether the kernel replaces this output, as it does in the page in which the cell was run. */
  private isFed = false;
  private settling: ReturnType<typeof setTimeout> | undefined;
  /** What has the focus in the picture, which it loses when the picture is moved. */
  private focused: HTMLElement | null = null;

  constructor(private readonly services: RunOutputServices) {
    this.el.addEventListener('focusin', event => {
      this.focused = event.target as HTMLElement;
    });
    // Asked afterwards: a picture that is taken away loses the focus too, and is to get it back.
    this.el.addEventListener('focusout', () =>
      queueMicrotask(() => {
        if (this.el.isConnected && !this.el.contains(document.activeElement)) {
          this.focused = null;
        }
      })
    );
  }

  /** Move the picture as it is, to where its kernel shows it now. */
  set place(place: Place) {
    const isMoved = this.at !== null && this.at.node !== place.node;
    this.at = place;
    if (isMoved) {
      const { focused } = this;
      place.node.replaceChildren(this.el);
      // JupyterLab puts the node into the page after it has had it drawn.
      queueMicrotask(() => focused?.focus({ preventScroll: true }));
    }
  }

  /** The run, while it is followed live; '' when there is nothing to keep. */
  get liveRun(): string {
    return this.shown?.bundle.live && this.shown.source.steer !== null ? this.shown.bundle.run_id : '';
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
    if (this.lifetime.signal.aborted) {
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
      this.at?.replace({ ...data, [RUN_MIME]: { ...(data[RUN_MIME] as object), kernel_id, charts } });
    }
  }

  private unsettled(): Shown | null {
    return this.shown?.bundle.live && !this.lifetime.signal.aborted ? this.shown : null;
  }

  /** What the run's kernel says; where its process is gone, what its log says. */
  private async finalOutput({ source, bundle }: Shown): Promise<OutputData | null> {
    const { connections } = this.services;
    const folder = source.state.link.kind === 'ended' ? null : ((await this.at?.folder()) ?? null);
    const logged = folder === null ? null : await connections.describeLogged(bundle.run_id, folder);
    return logged ?? connections.describe(bundle.kernel_id, bundle.run_id);
  }

  private async draw(source: RunSource, bundle: RunBundle): Promise<void> {
    this.drawn.abort();
    const drawn = new AbortController();
    this.drawn = drawn;
    this.shown = { source, bundle };
    this.services.tabs.hold(bundle.run_id, () => this.isFed, drawn.signal);
    const { render } = await import('../views/monitor');
    if (!drawn.signal.aborted && !this.lifetime.signal.aborted) {
      const el = document.createElement('div');
      this.el.replaceChildren(el);
      this.at?.node.replaceChildren(this.el);
      // A panel is drawn by the kernel's help: where that is gone, there is nothing to open.
      const { panels, preferences } = this.services;
      const subject = { kind: 'run' as const, kernelId: bundle.kernel_id, id: bundle.run_id };
      const onOpen = panels && source.steer !== null ? () => panels.open(subject) : null;
      render({ source, el, signal: drawn.signal, onOpen, settings: preferences.charts });
    }
  }

  stop(): void {
    clearTimeout(this.settling);
    this.lifetime.abort();
    this.drawn.abort();
  }
}

/**
 * Pictures of live runs whose output was cleared: a callback that draws its own chart clears the cell, and the kernel
 * shows the run again at once. The picture is moved there, with its zoom, its choices and the field being typed in.
 */
export class ClearedOutputs {
  private readonly kept = new Map<RunOutput, ReturnType<typeof setTimeout>>();

  /** Keep an output whose place is gone for a moment, then end it. */
  keep(output: RunOutput): void {
    if (output.liveRun === '') {
      output.stop();
      return;
    }
    const end = () => {
      this.kept.delete(output);
      output.stop();
    };
    this.kept.set(output, setTimeout(end, KEPT));
  }

  /** An output that shows the run of the bundle and has no place, if there is one. */
  take(bundle: RunBundle): RunOutput | null {
    const output = [...this.kept.keys()].find(kept => kept.liveRun === bundle.run_id);
    if (!bundle.live || output === undefined) {
      return null;
    }
    clearTimeout(this.kept.get(output));
    this.kept.delete(output);
    return output;
  }
}
