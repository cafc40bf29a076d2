import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { golden } from '../testing/golden';
import { PATIENCE, WidgetSource } from './pushed-source';

type Listener = (...values: unknown[]) => void;

/** A model as ipywidgets has it. */
class FakeModel {
  readonly sent: { id: string; body: Record<string, unknown> }[] = [];
  snapshot: unknown = {};
  comm_live = true;
  private readonly listeners = new Map<string, Set<Listener>>();

  get(key: string): unknown {
    return key === 'snapshot' ? this.snapshot : undefined;
  }

  on(event: string, listener: Listener): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener));
  }

  off(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener);
  }

  send(content: unknown): void {
    this.sent.push(content as (typeof this.sent)[number]);
  }

  emit(event: string, ...values: unknown[]): void {
    for (const listener of this.listeners.get(event) ?? []) {
      listener(...values);
    }
  }

  get listenerCount(): number {
    return [...this.listeners.values()].reduce((total, set) => total + set.size, 0);
  }
}

const started = golden('event.fit_started');
const steps = golden('event.steps_finished');
const batch = (since: number, next: number, events: unknown[], live = true) => ({
  kind: 'events',
  ...{ since, next, events, live }
});

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('events', () => {
  it('that follow on each other make the run', () => {
    const model = new FakeModel();
    const source = new WidgetSource(model);
    let changes = 0;
    source.subscribe(() => changes++);
    model.emit('msg:custom', batch(0, 1, [started]));
    model.emit('msg:custom', batch(1, 3, [steps], false));
    expect(source.state.run.modelName).toBe(started.model_name);
    expect(source.state.run.step).toBe(2);
    expect(source.state.link.kind).toBe('ended');
    expect(changes).toBe(2);
  });

  it('that were missed come with the snapshot', () => {
    const model = new FakeModel();
    const source = new WidgetSource(model);
    model.emit('msg:custom', batch(7, 9, [steps]));
    expect(source.state.link.kind).toBe('connecting');
    model.snapshot = { next: 9, live: true, events: [started, steps] };
    model.emit('change:snapshot');
    expect([source.state.run.status, source.state.run.step]).toEqual(['running', 2]);
    const before = source.state;
    model.snapshot = { next: 5, live: true, events: [started] };
    model.emit('change:snapshot');
    expect(source.state).toBe(before);
  });

  it('of before are in the snapshot of a view that comes later', () => {
    const model = new FakeModel();
    model.snapshot = { next: 9, live: true, events: [started, steps] };
    expect(new WidgetSource(model).state.run.step).toBe(2);
  });

  it('that are malformed change nothing', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const model = new FakeModel();
    const source = new WidgetSource(model);
    for (const message of [
      null,
      'x',
      { kind: 'events', since: 0, next: 'many', events: {} },
      { kind: 'reply' }
    ]) {
      model.emit('msg:custom', message);
    }
    expect(source.state.link.kind).toBe('connecting');
    expect(warn).toHaveBeenCalledTimes(1);
  });
});

describe('commands', () => {
  const open = () => {
    const model = new FakeModel();
    const source = new WidgetSource(model);
    model.emit('msg:custom', batch(0, 1, [started]));
    return { model, source };
  };
  const reply = (id: string, body: unknown) => ({ version: 1, id, kind: 'reply', body });

  it('carry the run and end with the reply', async () => {
    const { model, source } = open();
    const done = source.steer({ method: 'pause' });
    expect(model.sent[0]?.body).toEqual({ method: 'pause', run_id: started.run_id });
    model.emit('msg:custom', reply(model.sent[0]?.id ?? '', { result: {} }));
    await expect(done).resolves.toBeUndefined();
  });

  it('that are refused say why', async () => {
    const { model, source } = open();
    const done = source.steer({ method: 'stop' });
    const error = { code: 'invalid', message: 'The run has ended.', fix: '' };
    model.emit('msg:custom', reply(model.sent[0]?.id ?? '', { error }));
    await expect(done).rejects.toThrow('The run has ended.');
  });

  it('that a busy kernel does not get say what to do instead', async () => {
    const { source } = open();
    const done = source.steer({ method: 'stop' });
    vi.advanceTimersByTime(PATIENCE);
    await expect(done).rejects.toThrow('interrupt the kernel: training ends after the current step');
  });
});

it('says that the kernel is gone, and leaves no listener', () => {
  const model = new FakeModel();
  const source = new WidgetSource(model);
  model.emit('msg:custom', batch(0, 1, [started]));
  model.comm_live = false;
  model.emit('comm_live_update');
  expect(source.state.link.kind).toBe('stale');
  source.close();
  expect(model.listenerCount).toBe(0);
});
