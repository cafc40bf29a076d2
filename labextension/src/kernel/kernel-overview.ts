/**
 * What one kernel has: its models and runs, pulled slowly and only while somebody looks.
 *
 * A kernel that does not know layerlab writes each question into its log as an error, so it is asked again
 * only after it did something, and ever more rarely while a cell runs.
 */
import type { ModelInfo, RunInfo } from '../protocol';
import { type KernelConnection, RequestError } from './connection';
import { Poller } from './poller';

/**
 * `asking` before the first answer, `live`; `silent` does not answer at the moment; `no_layerlab` has nothing of
 * ours; `restarted` had; `gone` is no kernel any more.
 */
export type OverviewLink = 'asking' | 'live' | 'silent' | 'no_layerlab' | 'restarted' | 'gone';

export type Overview = {
  readonly link: OverviewLink;
  /** Newest first. */
  readonly models: readonly ModelInfo[];
  readonly runs: readonly RunInfo[];
};

export interface OverviewSource {
  /** A new object when something changed, else the same. */
  readonly state: Overview;
  /** Call `listener` after each change, and keep asking meanwhile; returns how to end that. */
  subscribe(listener: () => void): () => void;
}

export const nothingYet: Overview = { link: 'asking', models: [], runs: [] };

/** A run that has not ended. */
export function isActive(run: RunInfo): boolean {
  return run.status === 'running' || run.status === 'paused';
}

/** How much longer than the wanted pause it may take until something is noticed. */
const SLOWER = { idle: 5, silent: 3 } as const;
/** Milliseconds from an event of the kernel to the question that it brings. */
const SOON = 200;
/** Milliseconds between questions to a busy kernel that did not know us. */
const KNOCK = { first: 2_000, longest: 30_000 } as const;

type Connection = Pick<KernelConnection, 'request' | 'onLost'>;

export class KernelOverview implements OverviewSource {
  private readonly poller = new Poller<Overview>(nothingYet, () => this.ask());
  private readonly attached = new WeakSet<Connection>();
  private nudged: ReturnType<typeof setTimeout> | null = null;
  private isBusy = false;
  private knock: number = KNOCK.first;

  constructor(
    private readonly connect: () => Promise<Connection | null>,
    /** The wanted milliseconds between questions while something trains. */
    private readonly pause: () => number,
    private readonly isPageHidden = () => document.hidden
  ) {}

  get state(): Overview {
    return this.poller.state;
  }

  subscribe(listener: () => void): () => void {
    return this.poller.subscribe(listener);
  }

  /** Say that the kernel began or ended something: the moment to look, soon, and once if that comes often. */
  nudge(isBusy: boolean): void {
    this.isBusy = isBusy;
    this.knock = KNOCK.first;
    this.nudged ??= setTimeout(() => {
      this.nudged = null;
      this.poller.wake({ again: true });
    }, SOON);
  }

  private async ask(): Promise<number | null> {
    if (!this.isPageHidden()) {
      this.publish(await this.look());
    }
    return this.pauseAfter(this.state);
  }

  private async look(): Promise<Overview> {
    try {
      const connection = await this.connect();
      if (connection === null) {
        return { link: 'gone', models: [], runs: [] };
      }
      this.attach(connection);
      const { models, runs } = await connection.request({ method: 'list_all' });
      return { link: 'live', models, runs };
    } catch (error) {
      const code = error instanceof RequestError ? error.code : 'internal';
      if (code === 'no_handler' || code === 'gone') {
        return this.withoutLayerlab(code);
      }
      return { ...this.state, link: 'silent' };
    }
  }

  private withoutLayerlab(code: 'no_handler' | 'gone'): Overview {
    const hadSome = this.state.models.length + this.state.runs.length > 0;
    const wasRestarted = code === 'gone' || this.state.link === 'restarted' || hadSome;
    return { link: wasRestarted ? 'restarted' : 'no_layerlab', models: [], runs: [] };
  }

  private attach(connection: Connection): void {
    if (!this.attached.has(connection)) {
      this.attached.add(connection);
      // For as long as the connection lives.
      connection.onLost(() => this.publish(this.withoutLayerlab('gone')), new AbortController().signal);
    }
  }

  /** Milliseconds until the next question; null: not before something happens. */
  private pauseAfter({ link, runs }: Overview): number | null {
    if (this.isPageHidden()) {
      return this.pause();
    }
    switch (link) {
      case 'gone':
        return null;
      case 'no_layerlab':
      case 'restarted': {
        const pause = this.knock;
        this.knock = Math.min(KNOCK.longest, this.knock * 2);
        return this.isBusy ? pause : null;
      }
      case 'live':
        return this.pause() * (this.isBusy || runs.some(isActive) ? 1 : SLOWER.idle);
      default:
        return this.pause() * SLOWER.silent;
    }
  }

  private publish(overview: Overview): void {
    if (JSON.stringify(overview) !== JSON.stringify(this.state)) {
      this.poller.publish(overview);
    }
  }
}
