/** A kernel that answers on its control channel as the test says. */
import type { ControlKernel } from '../kernel/connection';
import { REPLY } from '../protocol';

type Listener = (sender: unknown, value: unknown) => void;

class FakeSignal {
  private readonly slots: { listener: Listener; self: unknown }[] = [];

  connect(listener: Listener, self?: unknown): boolean {
    this.slots.push({ listener, self });
    return true;
  }

  disconnect(): boolean {
    this.slots.length = 0;
    return true;
  }

  emit(value: unknown): void {
    for (const { listener, self } of [...this.slots]) {
      listener.call(self, null, value);
    }
  }
}

/** What the kernel does with a request: a reply's body, 'idle' (handled without reply) or nothing at all. */
export type Answer = (body: Record<string, unknown>) => { body: unknown } | 'idle' | 'silence';

type Sent = { header: { msg_type: string }; channel: string; content: Record<string, unknown> };

export class FakeKernel {
  readonly id = 'kernel-1';
  readonly clientId = 'client';
  readonly username = 'user';
  isDisposed = false;
  readonly statusChanged = new FakeSignal();
  readonly connectionStatusChanged = new FakeSignal();
  readonly iopubMessage = new FakeSignal();
  readonly disposed = new FakeSignal();
  readonly sent: Sent[] = [];
  connectionStatus = 'connected';
  reconnections = 0;

  constructor(public answer: Answer) {}

  /** As the connection takes it: the test knows which part of a kernel it needs. */
  asKernel(): ControlKernel {
    return this as unknown as ControlKernel;
  }

  sendControlMessage(message: Sent) {
    this.sent.push(message);
    const future = {
      onReply: (_: unknown) => {},
      onIOPub: (_: unknown) => {},
      done: new Promise<void>(() => {}),
      dispose: () => {}
    };
    queueMicrotask(() => {
      const answer = this.answer(message.content.body as Record<string, unknown>);
      if (answer === 'idle') {
        future.onIOPub({ header: { msg_type: 'status' }, content: { execution_state: 'idle' } });
      } else if (answer !== 'silence') {
        const { version, id } = message.content;
        future.onReply({ header: { msg_type: REPLY }, content: { version, id, kind: 'reply', ...answer } });
      }
    });
    return future;
  }

  async reconnect(): Promise<void> {
    this.reconnections++;
  }

  dispose(): void {
    this.isDisposed = true;
  }
}
