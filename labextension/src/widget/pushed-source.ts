/**
 * A run that its kernel pushes through a widget's model, for front ends without the lab extension.
 *
 * New events come as messages. What was missed (the model is made while the run goes on) comes with the
 * snapshot, a synchronised value that the kernel renews now and then: messages that do not follow on
 * what is known are left out until it arrives.
 */
import { decodeEvents, decodeRecord, decodeReply } from '../kernel/decode';
import type { Link, RunSource, RunState, Steering } from '../kernel/run-source';
import { emptyRun, reduceAll } from '../kernel/runs';
import { type ChartOptions, type FetchEventsResult, VERSION } from '../protocol';
import { trans } from '../views/shared/translation';

/** The part of anywidget's model that is used. Source: anywidget's types, `AnyModel`. */
export type WidgetModel = {
  get(key: string): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as anywidget has it; what comes is checked
  on(event: string, listener: (...values: any[]) => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  off(event: string, listener: (...values: any[]) => void): void;
  send(content: unknown): void;
};

/** Milliseconds until a command counts as one that cannot reach the kernel before the cell ends. */
export const PATIENCE = 4_000;

type Waiting = (body: unknown) => void;

export class WidgetSource implements RunSource {
  private current: RunState = { run: emptyRun, link: { kind: 'connecting' } };
  private readonly listeners = new Set<() => void>();
  private readonly waiting = new Map<string, Waiting>();
  private next = 0;
  private count = 0;

  constructor(private readonly model: WidgetModel) {
    model.on('msg:custom', this.onMessage);
    model.on('change:snapshot', this.onSnapshot);
    model.on('comm_live_update', this.onLive);
    this.onSnapshot();
  }

  close(): void {
    this.model.off('msg:custom', this.onMessage);
    this.model.off('change:snapshot', this.onSnapshot);
    this.model.off('comm_live_update', this.onLive);
  }

  get state(): RunState {
    return this.current;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** The kernel pushes at its own pace, which a hidden view does not change. */
  watch(): () => void {
    return () => {};
  }

  readonly steer = async (command: Steering): Promise<void> => {
    const id = `widget-${++this.count}`;
    const body = { ...command, run_id: this.current.run.id };
    const reply = await new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Error(unreached()));
      }, PATIENCE);
      this.waiting.set(id, content => {
        clearTimeout(timer);
        resolve(content);
      });
      this.model.send({ version: VERSION, id, kind: 'command', body });
    });
    const decoded = decodeReply(reply);
    if ('error' in decoded) {
      throw new Error(decoded.error.message);
    }
  };

  private readonly onMessage = (message: unknown): void => {
    const kind = ownText(message, 'kind');
    if (kind === 'reply') {
      const id = ownText(message, 'id');
      this.waiting.get(id)?.(message);
      this.waiting.delete(id);
    } else if (kind === 'events') {
      const since = (message as { since?: unknown }).since;
      if (since === this.next) {
        this.take(message, this.current.run);
      }
    }
  };

  private readonly onSnapshot = (): void => {
    const snapshot = this.model.get('snapshot');
    const next = (snapshot as { next?: unknown } | null)?.next;
    // What is known already has more points than a snapshot.
    if (typeof next === 'number' && next > this.next) {
      this.take(snapshot, emptyRun);
    }
  };

  /** ipywidgets says so when the kernel died, was restarted, or closed the widget. */
  private readonly onLive = (): void => {
    const isAlive = (this.model as { comm_live?: unknown }).comm_live !== false;
    if (!isAlive && this.current.link.kind !== 'ended') {
      const message = trans.__('The kernel was restarted or shut down: this is the last state.');
      this.publish({ ...this.current, link: { kind: 'stale', message } });
    }
  };

  private take(message: unknown, before: RunState['run']): void {
    let fetched: FetchEventsResult;
    try {
      fetched = decodeRecord('FetchEventsResult', message);
    } catch (error) {
      console.warn(`layerlab: ignored a message. ${error instanceof Error ? error.message : ''}`);
      return;
    }
    const run = reduceAll(before, decodeEvents(fetched.events));
    const link: Link = { kind: fetched.live ? 'live' : 'ended' };
    this.next = fetched.next;
    this.publish({ run, link, charts: chartOptions(this.model) });
  }

  private publish(state: RunState): void {
    this.current = state;
    for (const listener of [...this.listeners]) {
      listener();
    }
  }
}

function unreached(): string {
  return trans.__(
    'Here commands reach the kernel only when the cell has ended. To stop, interrupt the kernel: training ends after the current step.'
  );
}

function chartOptions(model: WidgetModel): ChartOptions | null {
  try {
    return decodeRecord('ChartOptions', model.get('charts'));
  } catch {
    return null;
  }
}

function ownText(value: unknown, key: string): string {
  const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
  const found = isObject ? (value as Record<string, unknown>)[key] : undefined;
  return typeof found === 'string' ? found : '';
}
