import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { FetchEventsResult, RunBundle } from '../protocol';
import { golden } from '../testing/golden';
import { type KernelConnection, type Loss, RequestError } from './connection';
import { PACE, RunFollower } from './run-follower';

type Request = { method: string; since?: number };

/** A kernel whose answers the test prepares; after the last one it has nothing new. */
function fake(answers: (Partial<FetchEventsResult> | Error)[]) {
  const requests: Request[] = [];
  let lost: (loss: Loss) => void = () => {};
  const connection = {
    request: async (command: Request) => {
      requests.push(command);
      const answer = command.method === 'fetch_events' ? answers.shift() : {};
      if (answer instanceof Error) {
        throw answer;
      }
      return { events: [], next: command.since ?? 0, live: true, ...answer };
    },
    onLost: (listener: (loss: Loss) => void) => {
      lost = listener;
    }
  } as unknown as KernelConnection;
  return { connection, requests, lose: (loss: Loss = 'restarted') => lost(loss) };
}

/** The run in the log of a process that is gone, as far as these events. */
const log = (...events: RunBundle['events']): RunBundle => ({
  version: 1,
  kernel_id: '',
  run_id: 'run-1',
  live: false,
  events,
  charts: null
});

const follow = (
  kernel: ReturnType<typeof fake>,
  isPageHidden = false,
  readLog: () => Promise<RunBundle | null> = async () => null
) =>
  new RunFollower(
    kernel.connection,
    'run-1',
    loss => `lost: ${loss}`,
    readLog,
    () => isPageHidden
  );

const visible = new AbortController();

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('asks for the whole history first, then for what is new', async () => {
  const kernel = fake([{ events: [golden('event.fit_started')], next: 5 }]);
  const follower = follow(kernel);
  follower.watch(true, visible.signal);
  follower.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(PACE.visible + 1);
  expect(kernel.requests.map(request => request.since)).toEqual([0, 5]);
  expect(follower.state.link.kind).toBe('live');
  expect(follower.state.run.modelName).toBe('digits');
});

it('tells how the run wants its charts drawn, whoever shows it', async () => {
  const charts = { smoothing: 0.6, x_axis: 'epoch', log_x: null, log_y: true } as const;
  const kernel = fake([{ events: [golden('event.fit_started')], next: 1, charts }, { charts }]);
  const follower = follow(kernel);
  follower.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(PACE.hidden + 1);
  kernel.lose();
  expect(follower.state.charts).toEqual(charts);
});

it('asks about four times a second while somebody looks, once a second while nobody does', async () => {
  const seen = fake([]);
  const hidden = fake([]);
  const unseen = follow(hidden);
  const follower = follow(seen);
  follower.watch(true, visible.signal);
  follower.subscribe(() => {});
  unseen.watch(false, visible.signal);
  unseen.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(2000);
  expect(seen.requests.length).toBeGreaterThanOrEqual(8);
  // Each brings three messages of the kernel: 15 a second are the most.
  expect(seen.requests.length).toBeLessThanOrEqual(10);
  expect(hidden.requests.length).toBeLessThanOrEqual(3);
});

it('asks slowly while the page is hidden', async () => {
  const kernel = fake([]);
  const follower = follow(kernel, true);
  follower.watch(true, visible.signal);
  follower.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(2000);
  expect(kernel.requests.length).toBeLessThanOrEqual(3);
});

it('asks nothing when nobody subscribes any more, and again when somebody does', async () => {
  const kernel = fake([]);
  const follower = follow(kernel);
  const stop = follower.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(0);
  stop();
  await vi.advanceTimersByTimeAsync(5000);
  const before = kernel.requests.length;
  await vi.advanceTimersByTimeAsync(5000);
  expect(kernel.requests.length).toBe(before);
  follower.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(0);
  expect(kernel.requests.length).toBe(before + 1);
});

it('ends when the run does', async () => {
  const kernel = fake([
    { events: [golden('event.fit_started'), golden('event.fit_finished')], next: 9, live: false }
  ]);
  const follower = follow(kernel);
  follower.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(5000);
  expect(follower.state.link.kind).toBe('ended');
  expect(kernel.requests).toHaveLength(1);
});

it('is stale, and keeps what it has, when the kernel restarts', async () => {
  const kernel = fake([{ events: [golden('event.fit_started')], next: 1 }]);
  const follower = follow(kernel);
  follower.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(0);
  kernel.lose();
  expect(follower.state.link).toEqual({ kind: 'stale', message: 'lost: restarted' });
  expect(follower.state.run.modelName).toBe('digits');
});

it('reads the log of a run whose kernel died, and shows what it has more', async () => {
  const kernel = fake([{ events: [golden('event.fit_started')], next: 1 }]);
  const logged = log(golden('event.fit_started'), golden('event.steps_finished'));
  const follower = follow(kernel, false, async () => logged);
  follower.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(0);
  kernel.lose('died');
  await vi.advanceTimersByTimeAsync(0);
  expect(kernel.requests).toHaveLength(1);
  expect(follower.state.run.step).toBe(2);
  expect(follower.state.link).toEqual({ kind: 'stale', message: 'lost: died' });
});

it.each([
  ['has less', async () => log(golden('event.fit_started'))],
  ['cannot be read', async () => Promise.reject(new Error('no'))]
])('keeps what it has seen where the log %s', async (_, readLog) => {
  const kernel = fake([{ events: [golden('event.fit_started'), golden('event.steps_finished')], next: 3 }]);
  const follower = follow(kernel, false, readLog);
  follower.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(0);
  kernel.lose();
  await vi.advanceTimersByTimeAsync(0);
  expect(follower.state.run.step).toBe(2);
});

it('looks for no log where there is no kernel any more', async () => {
  const kernel = fake([{ events: [golden('event.fit_started')], next: 1 }]);
  const follower = follow(kernel);
  follower.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(0);
  kernel.lose('gone');
  await vi.advanceTimersByTimeAsync(5000);
  expect(kernel.requests).toHaveLength(1);
  expect(follower.state.link).toEqual({ kind: 'stale', message: 'lost: gone' });
});

it('reads the log of a run whose kernel was restarted while no page was open', async () => {
  const kernel = fake([new RequestError('no_handler', 'no')]);
  const logged = log(golden('event.fit_started'), golden('event.steps_finished'));
  const follower = follow(kernel, false, async () => logged);
  follower.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(0);
  expect(follower.state.run.step).toBe(2);
  expect(follower.state.link).toEqual({ kind: 'stale', message: 'lost: unknown' });
});

it('takes the whole log where the process changed between two questions', async () => {
  const whole = { events: [golden('event.fit_started'), golden('event.steps_finished')], next: 3 };
  const kernel = fake([
    { events: [golden('event.fit_started')], next: 7 },
    { events: [], next: 3, live: false, logged: true },
    { ...whole, live: false, logged: true }
  ]);
  const follower = follow(kernel);
  follower.watch(true, visible.signal);
  follower.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(PACE.visible * 3);
  expect(kernel.requests.map(request => request.since)).toEqual([0, 7, 0]);
  expect(follower.state.run.step).toBe(2);
});

it('is stale when the kernel does not know the run', async () => {
  const kernel = fake([new RequestError('unknown_run', 'no')]);
  const follower = follow(kernel);
  follower.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(5000);
  expect(follower.state.link.kind).toBe('stale');
  expect(kernel.requests).toHaveLength(1);
});

it('waits and asks again when the kernel does not answer', async () => {
  const kernel = fake([new RequestError('timeout', 'The kernel does not answer.')]);
  const follower = follow(kernel);
  follower.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(0);
  expect(follower.state.link).toEqual({ kind: 'waiting', message: 'lost: waiting' });
  await vi.advanceTimersByTimeAsync(PACE.afterError + 1);
  expect(follower.state.link.kind).toBe('live');
});

it('ignores events of other runs', async () => {
  const kernel = fake([{ events: [{ ...golden('event.fit_started'), run_id: 'other' }], next: 1 }]);
  const follower = follow(kernel);
  follower.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(0);
  expect(follower.state.run.status).toBe('empty');
});

it('has one request under way, however many views ask', async () => {
  const kernel = fake([]);
  const follower = follow(kernel);
  follower.subscribe(() => {});
  follower.subscribe(() => {});
  follower.subscribe(() => {});
  expect(kernel.requests).toHaveLength(1);
});

it('sends a command for its run and looks at once for the effect', async () => {
  const kernel = fake([]);
  const follower = follow(kernel);
  follower.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(10);
  await follower.steer({ method: 'stop' });
  expect(kernel.requests.map(request => request.method)).toEqual(['fetch_events', 'stop', 'fetch_events']);
});
