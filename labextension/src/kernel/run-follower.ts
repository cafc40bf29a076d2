/**
 * A run followed live. The front end pulls: nothing is sent while nobody looks, a reloaded page and a
 * second tab get the whole history, and a slow page asks less often instead of falling behind.
 *
 * When the kernel process is gone the view keeps what it has, and the run's log is read for what it has not.
 */

import type { RunBundle } from '../protocol';
import { type KernelConnection, type Loss, RequestError } from './connection';
import { decodeEvents } from './decode';
import { Poller } from './poller';
import { isOver, type Link, type RunSource, type RunState, type Steering } from './run-source';
import { emptyRun, reduceAll } from './runs';

/**
 * Milliseconds between requests. The kernel tells with three messages of each: that it is busy, the answer, that
 * it is idle. So a visible run costs about 12 messages a second, and one just steered twice as many for a moment.
 */
export const PACE = { visible: 240, steered: 100, hidden: 1_000, afterError: 2_000 } as const;

/** How long a command makes the follower look closely, in milliseconds. */
const HURRY = 2_000;

/**
 * What a person reads of a run whose kernel process is no more; 'unknown' where nobody saw how it ended, 'waiting'
 * where it may be there and does not answer.
 */
export type LossText = (loss: Loss | 'unknown' | 'waiting') => string;

type Connection = Pick<KernelConnection, 'request' | 'onLost'>;

export class RunFollower implements RunSource {
  private readonly poller = new Poller<RunState>({ run: emptyRun, link: { kind: 'connecting' } }, () =>
    this.fetch().catch(error => this.failed(error))
  );
  private readonly watchers = new Map<object, boolean>();
  private next = 0;
  private hurriedUntil = 0;
  /** Whether the run's log was read, or need not be. */
  private isRecovered = false;

  constructor(
    private readonly connection: Connection,
    private readonly runId: string,
    private readonly lossText: LossText,
    /** What the log of the run holds, when no process holds the run; null where there is none. */
    private readonly readLog: () => Promise<RunBundle | null>,
    private readonly isPageHidden = () => document.hidden
  ) {
    connection.onLost(loss => this.lose(loss), this.poller.signal);
  }

  get state(): RunState {
    return this.poller.state;
  }

  subscribe(listener: () => void): () => void {
    return this.poller.subscribe(listener);
  }

  watch(isVisible: boolean, signal: AbortSignal): (isVisible: boolean) => void {
    const watcher = {};
    this.watchers.set(watcher, isVisible);
    signal.addEventListener('abort', () => this.watchers.delete(watcher), { once: true });
    return visible => {
      if (!signal.aborted && visible !== this.watchers.get(watcher)) {
        this.watchers.set(watcher, visible);
        this.poller.wake();
      }
    };
  }

  readonly steer = async (command: Steering): Promise<void> => {
    await this.connection.request({ ...command, run_id: this.runId });
    // The effect comes at the next step: look for it soon, even where the view is out of sight.
    this.hurriedUntil = Date.now() + HURRY;
    this.poller.wake();
  };

  /** The pause until the next request, null if there is none. */
  private async fetch(): Promise<number | null> {
    const reply = await this.connection.request({
      method: 'fetch_events',
      run_id: this.runId,
      since: this.next
    });
    if (this.poller.signal.aborted) {
      return null;
    }
    if (reply.logged && this.next > 0) {
      // The numbers are those of another process' memory.
      this.next = 0;
      return 0;
    }
    this.next = reply.next;
    const events = decodeEvents(reply.events).filter(event => event.run_id === this.runId);
    const run = reduceAll(this.state.run, events);
    if (!reply.live) {
      this.isRecovered = true;
      const link: Link = isOver(run)
        ? { kind: 'ended' }
        : { kind: 'stale', message: this.lossText('unknown') };
      this.end(link, { run, charts: reply.charts });
      return null;
    }
    if (events.length > 0 || this.state.link.kind !== 'live') {
      this.poller.publish({ run, link: { kind: 'live' }, charts: reply.charts });
    }
    if (Date.now() < this.hurriedUntil) {
      return PACE.steered;
    }
    return this.isWatched() ? PACE.visible : PACE.hidden;
  }

  private failed(error: unknown): number | null {
    if (this.poller.signal.aborted) {
      return null;
    }
    if (error instanceof RequestError && LOST.has(error.code)) {
      this.lose('unknown');
      return null;
    }
    const message = this.lossText('waiting');
    if (this.state.link.kind !== 'waiting') {
      this.poller.publish({ ...this.state, link: { kind: 'waiting', message } });
    }
    return PACE.afterError;
  }

  /**
   * The kernel process is another one now, or none: keep what there is, and look into the run's log. Where that has
   * an end, it is of the interrupt that came before the restart.
   */
  private lose(loss: Loss | 'unknown'): void {
    const link: Link = { kind: 'stale', message: this.lossText(loss) };
    this.end(link);
    if (!this.isRecovered && loss !== 'gone') {
      this.isRecovered = true;
      void this.recover();
    }
  }

  private async recover(): Promise<void> {
    const bundle = await this.readLog().catch(() => null);
    const logged = reduceAll(emptyRun, decodeEvents(bundle?.events ?? []));
    // A log has fewer points than what was followed, and may lack the last second.
    const isMore = logged.step > this.state.run.step || (isOver(logged) && !isOver(this.state.run));
    if (isMore) {
      this.poller.publish({ ...this.state, run: logged });
    }
  }

  private end(link: Link, { run, charts }: Pick<RunState, 'run' | 'charts'> = this.state): void {
    this.poller.end();
    this.poller.publish({ run, link, charts });
  }

  private isWatched(): boolean {
    return !this.isPageHidden() && [...this.watchers.values()].some(isVisible => isVisible);
  }
}

/** Answers after which asking again is pointless: the run's kernel process is another one now. */
const LOST: ReadonlySet<RequestError['code']> = new Set(['unknown_run', 'no_handler', 'gone']);
