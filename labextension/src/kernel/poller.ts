/** Asks again and again while somebody looks: one question at a time, each after the pause that the last one wants. */
export class Poller<State> {
  private readonly listeners = new Set<() => void>();
  private readonly lifetime = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isAsking = false;
  private mustAskAgain = false;

  constructor(
    private current: State,
    /**
     * Ask once, and publish what comes of it. Returns the milliseconds until the next question; null: none before
     * `wake`. Must not reject.
     */
    private readonly ask: () => Promise<number | null>
  ) {}

  /** What was published last: a new object when something changed, else the same. */
  get state(): State {
    return this.current;
  }

  /** Aborted by `end`. */
  get signal(): AbortSignal {
    return this.lifetime.signal;
  }

  /** Call `listener` after each change, ask at once and go on meanwhile; returns how to end that. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    this.wake();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) {
        clearTimeout(this.timer);
      }
    };
  }

  publish(state: State): void {
    this.current = state;
    for (const listener of [...this.listeners]) {
      listener();
    }
  }

  /** Ask now, if somebody looks. A question that is under way will do, unless it may be too early: `again`. */
  wake({ again = false } = {}): void {
    if (this.isAsking) {
      this.mustAskAgain ||= again;
    } else if (this.listeners.size > 0 && !this.signal.aborted) {
      clearTimeout(this.timer);
      void this.round();
    }
  }

  /** Ask nothing any more; what is known may still be published. */
  end(): void {
    this.lifetime.abort();
    clearTimeout(this.timer);
  }

  private async round(): Promise<void> {
    this.isAsking = true;
    this.mustAskAgain = false;
    const wanted = await this.ask();
    this.isAsking = false;
    const pause = this.mustAskAgain ? 0 : wanted;
    if (pause !== null && this.listeners.size > 0 && !this.signal.aborted) {
      this.timer = setTimeout(() => this.wake(), pause);
    }
  }
}
