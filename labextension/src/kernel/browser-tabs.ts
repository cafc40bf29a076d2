/**
 * The other tabs of this browser that hold the same run. One of them puts the end of it into the notebook: if all did,
 * each would find, when it saves, that the file was changed by another one.
 */

import { UUID } from '@lumino/coreutils';

/** What a tab has over others: the kernel writes into its notebook by itself; then, that it is the oldest. */
type Claim = { isFed: boolean; since: number; tab: string };

type Message = { type: 'who'; run: string; claim: Claim } | { type: 'me'; run: string; to: string };

/** Milliseconds that the others have to answer. */
const PATIENCE = 300;

export class Tabs {
  private readonly channel = new BroadcastChannel('layerlab-runs');
  private readonly tab = UUID.uuid4();
  private readonly since = Date.now();
  /** Per run, of each output that shows it, whether the kernel replaces that output. */
  private readonly held = new Map<string, Set<() => boolean>>();
  /** What was asked and is open: how to end it, and the answer to all who ask meanwhile. */
  private readonly asked = new Map<string, { deny: () => void; isFirst: Promise<boolean> }>();

  constructor() {
    this.channel.onmessage = ({ data }: MessageEvent<Message>) => this.received(data);
  }

  /** Answer for an output of this run until `signal` is aborted. */
  hold(run: string, isFed: () => boolean, signal: AbortSignal): void {
    const outputs = this.held.get(run) ?? new Set();
    this.held.set(run, outputs.add(isFed));
    signal.addEventListener('abort', () => outputs.delete(isFed), { once: true });
  }

  /** Whether it is for this tab to write: no other one has a better claim to the run. */
  isFirst(run: string): Promise<boolean> {
    const asked = this.asked.get(run) ?? this.ask(run);
    this.asked.set(run, asked);
    return asked.isFirst;
  }

  private ask(run: string): { deny: () => void; isFirst: Promise<boolean> } {
    let deny = () => {};
    const isFirst = new Promise<boolean>(resolve => {
      deny = () => resolve(false);
      setTimeout(() => {
        resolve(true);
        this.asked.delete(run);
      }, PATIENCE);
    });
    this.send({ type: 'who', run, claim: this.claim(run) });
    return { deny, isFirst };
  }

  dispose(): void {
    this.channel.close();
  }

  private received(message: Message): void {
    if (message.type === 'me') {
      if (message.to === this.tab) {
        this.asked.get(message.run)?.deny();
      }
    } else if ((this.held.get(message.run)?.size ?? 0) > 0) {
      if (isBetter(this.claim(message.run), message.claim)) {
        this.send({ type: 'me', run: message.run, to: message.claim.tab });
      }
    }
  }

  private claim(run: string): Claim {
    const isFed = [...(this.held.get(run) ?? [])].some(isFedOutput => isFedOutput());
    return { isFed, since: this.since, tab: this.tab };
  }

  private send(message: Message): void {
    this.channel.postMessage(message);
  }
}

function isBetter(mine: Claim, other: Claim): boolean {
  if (mine.isFed !== other.isFed) {
    return mine.isFed;
  }
  return mine.since === other.since ? mine.tab < other.tab : mine.since < other.since;
}
