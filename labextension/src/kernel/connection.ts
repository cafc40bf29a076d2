/**
 * One connection per kernel, shared by all views: requests over the kernel's control channel.
 *
 * The control channel answers while a cell runs, after a page reload in mid-cell, and on every
 * ipykernel; a comm waits for the cell's end on some of them.
 */
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { type Command, REQUEST, type ReplyError, type Results, VERSION } from '../protocol';
import { decodeReply, decodeResult } from './decode';

/** The part of a kernel that is used: a test gives a fake one. */
export type ControlKernel = Pick<
  Kernel.IKernelConnection,
  | 'id'
  | 'clientId'
  | 'username'
  | 'isDisposed'
  | 'dispose'
  | 'connectionStatus'
  | 'reconnect'
  | 'sendControlMessage'
  | 'statusChanged'
  | 'connectionStatusChanged'
  | 'iopubMessage'
  | 'disposed'
>;

/** Why a request has no result: the kernel's own answer, or that there was none. */
export class RequestError extends Error {
  constructor(
    readonly code: ReplyError['code'] | 'timeout' | 'no_handler' | 'gone',
    message: string,
    readonly fix: string = ''
  ) {
    super(message);
    this.name = 'RequestError';
  }
}

/** Why the runs and models of before are no more. */
export type Loss = 'restarted' | 'died' | 'gone';

/** States that only the server reports: a kernel that died, and is started anew or not. */
const SERVER_SAYS_DEAD: ReadonlySet<string> = new Set(['restarting', 'autorestarting', 'dead']);

export type ConnectionOptions = {
  /** How long a reply may take, in milliseconds: a compilation can hold the kernel for seconds. */
  timeout?: number;
  /** How long after the kernel's 'idle' a reply may still arrive. */
  grace?: number;
};

export class KernelConnection {
  private readonly timeout: number;
  private readonly grace: number;
  private readonly restarts = new Set<(loss: Loss) => void>();
  private readonly pending = new Set<(code: RequestError['code'], message: string) => void>();
  private count = 0;
  private session = '';

  constructor(
    private readonly kernel: ControlKernel,
    options: ConnectionOptions = {}
  ) {
    this.timeout = options.timeout ?? 15_000;
    this.grace = options.grace ?? 1_000;
    kernel.statusChanged.connect(this.onStatus, this);
    kernel.iopubMessage.connect(this.onMessage, this);
    kernel.connectionStatusChanged.connect(this.onConnectionStatus, this);
    kernel.disposed.connect(this.onDisposed, this);
  }

  get id(): string {
    return this.kernel.id;
  }

  /** The kernel is gone for good; a restarted kernel is not. */
  get isDisposed(): boolean {
    return this.kernel.isDisposed;
  }

  /** Call `listener` when the kernel restarts or dies: the runs and models of before are no more. */
  onLost(listener: (loss: Loss) => void, signal: AbortSignal): void {
    this.restarts.add(listener);
    signal.addEventListener('abort', () => this.restarts.delete(listener), { once: true });
  }

  /** Send a command and decode its result. Rejects with RequestError or DecodeError. */
  async request<C extends Command>(command: C): Promise<Results[C['method']]> {
    const content = await this.exchange(command);
    const reply = decodeReply(content);
    if ('error' in reply) {
      throw new RequestError(reply.error.code, reply.error.message, reply.error.fix);
    }
    const method: C['method'] = command.method;
    return decodeResult(method, reply.result);
  }

  dispose(): void {
    this.kernel.statusChanged.disconnect(this.onStatus, this);
    this.kernel.iopubMessage.disconnect(this.onMessage, this);
    this.kernel.connectionStatusChanged.disconnect(this.onConnectionStatus, this);
    this.kernel.disposed.disconnect(this.onDisposed, this);
    this.restarts.clear();
    this.kernel.dispose();
  }

  private exchange(command: Command): Promise<unknown> {
    if (this.kernel.isDisposed) {
      return Promise.reject(new RequestError('gone', 'The kernel is gone.'));
    }
    if (this.kernel.connectionStatus === 'disconnected') {
      // JupyterLab gives up after some attempts; whoever asks wants another one.
      void this.kernel.reconnect().catch(() => {});
    }
    const future = this.kernel.sendControlMessage(this.message(command), true, true);
    return new Promise<unknown>((resolve, reject) => {
      let timer = setTimeout(() => fail('timeout', 'The kernel does not answer.'), this.timeout);
      const fail = (code: RequestError['code'], message: string) => {
        settle();
        future.dispose();
        reject(new RequestError(code, message));
      };
      const settle = () => {
        clearTimeout(timer);
        this.pending.delete(fail);
      };
      this.pending.add(fail);
      future.onReply = reply => {
        settle();
        resolve((reply as KernelMessage.IMessage).content);
      };
      future.onIOPub = message => {
        if (message.header.msg_type === 'status' && 'execution_state' in message.content) {
          if (message.content.execution_state === 'idle') {
            // Handled, and still no reply: this kernel has not imported layerlab (yet, or any more).
            clearTimeout(timer);
            timer = setTimeout(() => fail('no_handler', 'The kernel does not know layerlab.'), this.grace);
          }
        }
      };
      // Rejected when the kernel restarts, dies or is disposed; otherwise the reply came first.
      future.done.catch(() => fail('gone', 'The kernel was restarted.'));
    });
  }

  private message(command: Command): KernelMessage.IControlMessage {
    const id = `${this.kernel.clientId}-layerlab-${this.count++}`;
    const message = {
      header: {
        msg_id: id,
        msg_type: REQUEST,
        session: this.kernel.clientId,
        username: this.kernel.username,
        date: new Date().toISOString(),
        version: '5.3'
      },
      parent_header: {},
      metadata: {},
      content: { version: VERSION, id, kind: 'command', body: command },
      channel: 'control',
      buffers: []
    };
    // JupyterLab's type lists the message types of the Jupyter protocol only.
    return message as unknown as KernelMessage.IControlMessage;
  }

  private onStatus(_: unknown, status: Kernel.Status): void {
    // Nobody restarts a kernel by this connection: what it hears of it comes from the server.
    if (SERVER_SAYS_DEAD.has(status)) {
      this.lose('died');
    }
  }

  private onDisposed(): void {
    this.lose('gone');
  }

  /**
   * A kernel that is restarted by another connection (the notebook's) keeps this one open and says
   * nothing: but its messages come from a new session then.
   */
  private onMessage(_: unknown, message: KernelMessage.IIOPubMessage): void {
    const { msg_type, session } = message.header;
    // Only status messages: the server mixes in some of its own, such as warnings about the data rate.
    if (msg_type === 'status' && session !== this.session) {
      const state = 'execution_state' in message.content ? message.content.execution_state : '';
      if (SERVER_SAYS_DEAD.has(String(state))) {
        this.lose('died');
        return;
      }
      const isFirst = this.session === '';
      this.session = session;
      if (!isFirst) {
        this.lose('restarted');
      }
    }
  }

  private onConnectionStatus(_: unknown, status: Kernel.ConnectionStatus): void {
    if (status !== 'connected') {
      // What was under way is lost with the socket: nobody would ever answer it.
      this.failPending('timeout', 'The connection to the kernel is interrupted.');
    }
  }

  private failPending(code: RequestError['code'], message: string): void {
    for (const fail of [...this.pending]) {
      fail(code, message);
    }
  }

  private lose(loss: Loss): void {
    this.failPending('gone', 'The kernel was restarted.');
    for (const listener of [...this.restarts]) {
      listener(loss);
    }
  }
}
