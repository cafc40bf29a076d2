import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Poller } from './poller';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

/** A poller that counts, and takes 50 ms to ask. */
function counting(pauses: (number | null)[] = []) {
  let asked = 0;
  const poller: Poller<number> = new Poller(0, async () => {
    asked += 1;
    await new Promise(resolve => setTimeout(resolve, 50));
    poller.publish(asked);
    return pauses.shift() ?? 100;
  });
  return { poller, asked: () => asked };
}

it('asks while somebody looks, each time after the pause that the last answer wants', async () => {
  const { poller, asked } = counting([100, 1_000]);
  await pass(5_000);
  expect(asked()).toBe(0);
  poller.subscribe(() => {});
  await pass(60); // answered at 50: the next one at 150, answered at 200: the next one at 1200
  expect([asked(), poller.state]).toEqual([1, 1]);
  await pass(1_000);
  expect(asked()).toBe(2);
  await pass(200);
  expect(asked()).toBe(3);
});

it('asks nothing after a pause of null until it is woken', async () => {
  const poller = new Poller(0, async () => null);
  const asked = vi.spyOn(poller as unknown as { ask: () => Promise<null> }, 'ask');
  poller.subscribe(() => {});
  await pass(60_000);
  poller.wake();
  await pass(60_000);
  expect(asked).toHaveBeenCalledTimes(2);
});

it('has one question under way, and tells all who look', async () => {
  const { poller, asked } = counting();
  const [one, two] = [vi.fn(), vi.fn()];
  poller.subscribe(one);
  poller.subscribe(two);
  poller.wake();
  expect(asked()).toBe(1);
  await pass(60);
  expect([one.mock.calls.length, two.mock.calls.length, asked()]).toEqual([1, 1, 1]);
});

it('asks once more at once where the question that is under way may be too early', async () => {
  const { poller, asked } = counting([60_000, 60_000]);
  poller.subscribe(() => {});
  poller.wake({ again: true });
  poller.wake({ again: true });
  await pass(60);
  expect(asked()).toBe(2);
  await pass(10_000);
  expect(asked()).toBe(2);
});

it('stops with the last who looks, and goes on with the next', async () => {
  const { poller, asked } = counting();
  const stops = [poller.subscribe(() => {}), poller.subscribe(() => {})];
  await pass(60);
  stops[0]?.();
  await pass(150);
  expect(asked()).toBe(2);
  stops[1]?.();
  await pass(10_000);
  poller.wake();
  expect(asked()).toBe(2);
  poller.subscribe(() => {});
  expect(asked()).toBe(3);
});

it('asks nothing after its end, and may still publish what comes late', async () => {
  const { poller, asked } = counting();
  const listener = vi.fn();
  poller.subscribe(listener);
  poller.end();
  await pass(10_000);
  poller.wake();
  poller.subscribe(() => {});
  expect([asked(), listener.mock.calls.length, poller.state, poller.signal.aborted]).toEqual([1, 1, 1, true]);
});
